import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import KubernetesClient
import Streams
import Testing

@testable import GodwitEngine

/// What a run leaves behind in the store.
struct RestoreRunnerTests {
    static func maps(_ count: Int) -> [JSONValue] { (0..<count).map { Fixture.configMap("default", "c\($0)") } }

    private static func outcomes(_ stored: StoredRestore, _ catalog: BackupCatalog) async throws -> [JSONValue] {
        let text = try await catalog.itemOutcomes(of: stored).collect(upTo: 1 << 24)
        return try text.split(separator: 0x0A).map { try JSONValue(parsing: Array($0)) }
    }

    @Test func recordsEachItem() async throws {
        let catalog = BackupCatalog(store: MemoryObjectStore())
        let rig = RestoreRig(Self.maps(300), damaged: ["configmaps/default/c7"])
        let prepared = try await rig.prepare()
        let (restore, report) = try await RestoreRunner(catalog: catalog).run(prepared) { _ in }
        #expect(restore.status.phase == .partiallyFailed)
        #expect(report.counts == ["created": 299, "failed": 1])
        let stored = try await catalog.restore(named: "again")
        #expect(stored.restore.status.phase == .partiallyFailed)
        #expect(stored.restore.status.itemsRestored == 299)
        #expect(stored.restore.status.errors == 1)
        let lines = try await Self.outcomes(stored, catalog)
        #expect(lines.count == 300)
        #expect(lines.filter { $0["action"]?.string == "created" }.count == 299)
        #expect(try await catalog.results(of: stored).errors.count == 1)
        await #expect(throws: BackupStorageError.self) {
            try await RestoreRunner(catalog: catalog).run(prepared) { _ in }
        }
    }

    @Test func dryRunRecordsNothing() async throws {
        let store = MemoryObjectStore()
        var rig = RestoreRig(Self.maps(3))
        rig.isDryRun = true
        let (restore, report) = try await RestoreRunner(catalog: BackupCatalog(store: store)).run(
            try await rig.prepare()
        ) { _ in }
        #expect(report.counts == ["created": 3])
        #expect(restore.status.phase == .completed)
        #expect(try await BackupCatalog(store: store).restores().isEmpty)
        #expect(rig.cluster.writes.isEmpty)
    }

    @Test(.timeLimit(.minutes(10)))
    func cancelledRunIsRecordedAsFarAsItCame() async throws {
        let catalog = BackupCatalog(store: MemoryObjectStore())
        let begun = CallCounter()
        let cluster = FakeCluster { call in
            guard call.verb == "create", begun.next() > 20 else { return }
            try await Task.sleep(for: .seconds(3600))
        }
        let prepared = try await RestoreRig(Self.maps(500), cluster: cluster).prepare()
        let run = Task { try await RestoreRunner(catalog: catalog).run(prepared) { _ in } }
        while begun.count <= 20 { try await Task.sleep(for: .milliseconds(5)) }
        run.cancel()
        await #expect(throws: CancellationError.self) { try await run.value }
        let stored = try await catalog.restore(named: "again")
        #expect(stored.restore.status.phase == .failed)
        #expect(stored.restore.status.failureReason == "interrupted")
        #expect(stored.restore.status.itemsRestored == 20)
        let lines = try await Self.outcomes(stored, catalog)
        #expect(lines.filter { $0["action"]?.string == "created" }.count == 20)
        let results = try await catalog.results(of: stored)
        #expect(results.errors.general.contains { $0.contains("were not tried") })
    }

    @Test func deadClusterIsRecordedWithItsError() async throws {
        let catalog = BackupCatalog(store: MemoryObjectStore())
        let calls = CallCounter()
        let cluster = FakeCluster { call in
            guard call.verb == "create", calls.next() > 20 else { return }
            throw ClusterError(.unauthorized, operation: "create", cluster: "fake", reason: "token expired")
        }
        let prepared = try await RestoreRig(Self.maps(500), cluster: cluster).prepare()
        await #expect(throws: ClusterError.self) {
            try await RestoreRunner(catalog: catalog).run(prepared) { _ in }
        }
        let stored = try await catalog.restore(named: "again")
        #expect(stored.restore.status.phase == .failed)
        #expect(stored.restore.status.failureReason?.contains("token expired") == true)
        #expect(stored.restore.status.itemsRestored == 20)
    }
}
