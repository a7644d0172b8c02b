import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// What dead runs of a restore left is told where restores are listed, and can be removed, as with backups.
@Suite struct RestoreLeftoverTests {
    private func leaveBehind(_ shop: Shop, claim: JSONValue?) throws {
        let folder = shop.stored("restores/dead")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("half".utf8).write(to: URL(fileURLWithPath: folder + "/dead-items.ndjson.zst"))
        guard let claim else { return }
        try Data(claim.serialized()).write(to: URL(fileURLWithPath: folder + "/godwit-inprogress-0a.json"))
    }

    @Test func ofADeadRun() async throws {
        let shop = try await Shop(Workspace()).backedUp("b").restored("r", to: "out")
        try leaveBehind(shop, claim: nil)
        let listing = try await shop.godwit("restore", "get")
        #expect(listing.status == 0 && !listing.output.contains("dead"), "\(listing)")
        #expect(listing.errors.contains("left over from a run that died: 'dead', 4 B"), "\(listing)")
        #expect(listing.errors.contains("godwit restore delete dead"), "\(listing)")
        let backups = try await shop.godwit("backup", "get")
        #expect(!backups.errors.contains("dead"), "\(backups)")
        let describe = try await shop.godwit("restore", "describe", "dead")
        #expect(describe.status == 1 && describe.errors.contains("restore 'dead' is not complete"), "\(describe)")
        let delete = try await shop.godwit("restore", "delete", "dead", "--confirm")
        #expect(delete.status == 0, "\(delete)")
        #expect(Workspace.files(below: shop.stored("restores")).allSatisfy { $0.hasPrefix("r/") })
        let after = try await shop.godwit("restore", "get")
        #expect(after.errors.isEmpty && after.output.contains("Completed"), "\(after)")
    }

    @Test func ofARunThatMayGoOnElsewhere() async throws {
        let shop = try await Shop(Workspace()).backedUp("b")
        try leaveBehind(
            shop,
            claim: [
                "id": "0a", "host": "elsewhere", "boot": "another", "processNamespace": "x", "process": 7,
                "processStart": "1", "heartbeat": .integer(Int64(Date().timeIntervalSince1970)),
            ])
        let listing = try await shop.godwit("restore", "get")
        #expect(listing.errors.contains("in progress: 'dead' (process 7 on elsewhere)"), "\(listing)")
        let delete = try await shop.godwit("restore", "delete", "dead", "--confirm")
        #expect(delete.status == 1 && delete.errors.contains("process 7 on elsewhere"), "\(delete)")
        #expect(FileManager.default.fileExists(atPath: shop.stored("restores/dead/dead-items.ndjson.zst")))
    }

    @Test func aDamagedRecordCanBeDeleted() async throws {
        let shop = try await Shop(Workspace()).backedUp("b").restored("r", to: "out")
        let record = shop.stored("restores/r/godwit-restore.json")
        try #require(FileManager.default.fileExists(atPath: record))
        try Data("{".utf8).write(to: URL(fileURLWithPath: record))
        let delete = try await shop.godwit("restore", "delete", "r", "--confirm")
        #expect(delete.status == 0, "\(delete)")
        #expect(Workspace.files(below: shop.stored("restores")).isEmpty)
    }
}
