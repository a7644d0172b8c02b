import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import Testing

@testable import GodwitEngine

@Suite("Locations that keep what is written")
struct ProtectedStorageTests {
    @Test("a run never meets what it has written itself", arguments: BackupFormat.allCases)
    func ownFiles(format: BackupFormat) async throws {
        let store = MemoryObjectStore(retention: .seconds(3600))
        _ = try await backUp(SourceFake.shop(), to: store, format: format)
        let catalog = BackupCatalog(store: store)
        // What heartbeats do while a run takes its time.
        let reservation = try await catalog.reserve(backup: "other")
        try await reservation.claim()
        try await reservation.beginSnapshots()
        await reservation.release()
        _ = try await RestoreRunner(catalog: catalog).run(try await RestoreRig(RestoreRunnerTests.maps(3)).prepare()) {
            _ in
        }
        #expect(store.refusals.isEmpty)
        #expect(!store.keys.contains { NameReservation.isClaim($0) })
        #expect(try await BackupVerifier(catalog: catalog).verify("b", details: true).isWhole)
    }

    @Test("a backup that is protected is not deleted, and whole afterwards")
    func deletion() async throws {
        let store = MemoryObjectStore(retention: .seconds(3600))
        _ = try await backUp(SourceFake.shop(), to: store)
        let catalog = BackupCatalog(store: store)
        let error = await #expect(throws: ObjectStoreError.self) {
            _ = try await BackupDeleter(catalog: catalog).delete(backup: "b")
        }
        #expect(error?.kind == .locked && error?.advice?.contains("retention") == true)
        #expect(try await BackupVerifier(catalog: catalog).verify("b", details: true).isWhole)
        store.endRetention()
        #expect(try await BackupDeleter(catalog: catalog).delete(backup: "b").isDeleted)
        #expect(store.keys.isEmpty)
    }

    @Test("a backup goes although the record of a restore is kept for longer")
    func recordsOfRestores() async throws {
        let store = MemoryObjectStore(retention: .seconds(3600), of: ["restores/"])
        _ = try await backUp(SourceFake.shop(), named: "nightly", to: store)
        let catalog = BackupCatalog(store: store)
        let prepared = try await RestoreRig(RestoreRunnerTests.maps(3)).prepare()
        let (restore, _) = try await RestoreRunner(catalog: catalog).run(prepared) { _ in }
        try #require(restore.spec.backupName == "nightly")
        let report = try await BackupDeleter(catalog: catalog).delete(backup: "nightly")
        #expect(report.isDeleted && report.restores.isEmpty && report.results.errors.count == 0)
        #expect(report.results.warnings.general.contains { $0.contains("'again'") && $0.contains("protected") })
        #expect(try await catalog.restores().map(\.name) == ["again"])
    }

    @Test("what a failed run left and is protected is in the way of its name alone, with a word on what to do")
    func leftovers() async throws {
        let store = MemoryObjectStore(retention: .seconds(3600))
        try await store.put("backups/b/b.tar.zst", .bytes([1, 2, 3]), options: PutOptions())
        let error = await #expect(throws: BackupStorageError.self) {
            _ = try await backUp(SourceFake.shop(), to: store)
        }
        #expect(error?.kind == .protectedLeftovers && error?.reason?.contains("b.tar.zst") == true)
        #expect(error?.advice?.contains("another name") == true)
        #expect(store.keys == ["backups/b/b.tar.zst"])
        _ = try await backUp(SourceFake.shop(), named: "c", to: store)
    }
}
