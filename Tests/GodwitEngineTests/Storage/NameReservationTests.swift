import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import Streams
import Testing

@testable import GodwitEngine

@Suite("Names of backups belong to one run at a time")
struct NameReservationTests {
    @Test("a name that is taken is an error, in either format", arguments: BackupFormat.allCases)
    func taken(format: BackupFormat) async throws {
        let store = MemoryObjectStore()
        _ = try await backUp(SourceFake.shop(), to: store, format: format)
        let before = store.keys
        let error = await #expect(throws: BackupStorageError.self) {
            _ = try await backUp(SourceFake.shop(), to: store)
        }
        #expect(error?.kind == .nameTaken)
        #expect(store.keys == before)
    }

    @Test("of many runs that begin at once exactly one gets the name", arguments: 0..<5)
    func many(round: Int) async throws {
        let catalog = BackupCatalog(store: MemoryObjectStore())
        let winners = await withTaskGroup(of: NameReservation?.self) { group in
            for _ in 0..<8 { group.addTask { try? await catalog.reserve(backup: "b") } }
            var winners: [NameReservation] = []
            for await reservation in group { if let reservation { winners.append(reservation) } }
            return winners
        }
        #expect(winners.count == 1)
        await winners.first?.release()
        let next = try await catalog.reserve(backup: "b")
        await next.release()
    }

    @Test("two backups at once: one is made, whole")
    func twoBackups() async throws {
        let store = MemoryObjectStore()
        let results = await withTaskGroup(of: Result<BackupReport, any Error>.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    do { return .success(try await backUp(SourceFake.shop(), to: store)) } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.filter { (try? $0.get()) != nil }.count == 1)
        #expect(try await BackupVerifier(catalog: BackupCatalog(store: store)).verify("b", details: true).isWhole)
    }

    @Test("what a dead run left is found, never listed, and removed by the next run of the name")
    func leftovers() async throws {
        let store = MemoryObjectStore()
        let catalog = BackupCatalog(store: store)
        var owner = RunOwner().json
        // A process number that nobody has.
        owner["process"] = 4_194_305
        let claim = "backups/b/godwit-inprogress-0dead.json"
        try await store.put(claim, .bytes(owner.serialized()), options: PutOptions())
        try await store.put("backups/b/b.tar.zst", .bytes([1, 2, 3]), options: PutOptions())
        #expect(try await catalog.backups().isEmpty)
        let found = try await catalog.leftovers()
        #expect(found.map(\.name) == ["b"])
        #expect(found.first?.isInProgress == false)
        let error = await #expect(throws: BackupStorageError.self) { _ = try await catalog.backup(named: "b") }
        #expect(error?.kind == .incomplete)
        _ = try await backUp(SourceFake.shop(), to: store)
        #expect(!store.keys.contains(claim))
        #expect(try await catalog.leftovers().isEmpty)
    }

    @Test("that a dead run took snapshots is known until a run of the name has ended")
    func deadRunsSnapshots() async throws {
        let store = MemoryObjectStore()
        let catalog = BackupCatalog(store: store)
        func leaveClaim(takesSnapshots: Bool) async throws {
            var owner = RunOwner()
            owner.takesSnapshots = takesSnapshots
            var json = owner.json
            json["process"] = 4_194_305
            try await store.put(
                "backups/b/godwit-inprogress-0dead.json", .bytes(json.serialized()), options: PutOptions())
        }
        try await leaveClaim(takesSnapshots: false)
        var next = try await catalog.reserve(backup: "b")
        #expect(!next.followsSnapshots)
        await next.release()
        try await leaveClaim(takesSnapshots: true)
        next = try await catalog.reserve(backup: "b")
        #expect(next.followsSnapshots)
        // Were it killed now, the one after it would know as well: only its own claim is left.
        #expect(store.keys == [next.claimKey])
        let bytes = try await store.get(next.claimKey, range: nil).body.collect(upTo: 1 << 16)
        #expect(RunOwner(json: try JSONValue(parsing: bytes))?.takesSnapshots == true)
        await next.release()
        next = try await catalog.reserve(backup: "b")
        #expect(!next.followsSnapshots)
        await next.release()
    }

    @Test("what says that a dead run took snapshots is told by the next run, and by a deletion")
    func deadRunsSnapshotsAreTold() async throws {
        let store = MemoryObjectStore()
        var owner = RunOwner()
        owner.takesSnapshots = true
        var json = owner.json
        json["process"] = 4_194_305
        let claim = "backups/b/godwit-inprogress-0dead.json"
        try await store.put(claim, .bytes(json.serialized()), options: PutOptions())
        let deletion = try await BackupDeleter(catalog: BackupCatalog(store: store)).delete(backup: "b")
        #expect(deletion.isDeleted && deletion.results.warnings.lines.contains { $0.contains("velero.io/backup=b") })
        #expect(store.keys.isEmpty)
        try await store.put(claim, .bytes(json.serialized()), options: PutOptions())
        let report = try await backUp(SourceFake.shop(), to: store)
        #expect(report.results.warnings.lines.contains { $0.contains("velero.io/backup=b") })
        #expect(!store.keys.contains(claim))
        // A backup that exists knows its own.
        try await store.put(claim, .bytes(json.serialized()), options: PutOptions())
        let whole = try await BackupDeleter(catalog: BackupCatalog(store: store)).delete(backup: "b")
        #expect(whole.isDeleted && whole.results.warnings.count == 0, "\(whole.results.warnings.lines)")
    }

    @Test("a run elsewhere counts as alive until its heartbeat is old by the store's clock")
    func foreign() async throws {
        let store = MemoryObjectStore()
        let catalog = BackupCatalog(store: store)
        var owner = RunOwner().json
        owner["boot"] = "another machine"
        let claim = "backups/b/godwit-inprogress-0other.json"
        try await store.put(claim, .bytes(owner.serialized()), options: PutOptions())
        let error = await #expect(throws: BackupStorageError.self) { _ = try await catalog.reserve(backup: "b") }
        #expect(error?.kind == .incomplete)
        #expect(store.keys == [claim])
        let info = try #require(try await store.stat(claim))
        let now = try #require(info.modified)
        #expect(try await catalog.livingClaims(among: [info], now: now.addingTimeInterval(299)).count == 1)
        #expect(try await catalog.livingClaims(among: [info], now: now.addingTimeInterval(301)).isEmpty)
    }

    @Test(
        "names that cannot be are refused",
        arguments: ["", "Upper", "a/b", "..", "a_b", "-a", String(repeating: "a", count: 254)])
    func invalid(name: String) async throws {
        let catalog = BackupCatalog(store: MemoryObjectStore())
        let error = await #expect(throws: BackupStorageError.self) { _ = try await catalog.reserve(backup: name) }
        #expect(error?.kind == .invalidName)
    }
}
