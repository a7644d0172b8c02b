import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Synchronization
import Testing

@testable import GodwitEngine

/// How a run ends that does not come to its end.
struct RestoreEndingTests {
    private struct NoAnswer: Error {}

    private static func maps(_ count: Int) -> [JSONValue] { (0..<count).map { Fixture.configMap("default", "c\($0)") } }

    @Test func deadServerEndsTheRunSoon() async throws {
        let calls = CallCounter()
        let cluster = FakeCluster { call in
            if calls.next() > 100 { throw NoAnswer() }
        }
        let result = try await RestoreRig(Self.maps(2000), cluster: cluster).run()
        #expect(result.error is NoAnswer)
        let done = result.report.counts.values.reduce(0, +)
        #expect(result.report.counts["failed", default: 0] <= 16)
        #expect(done + result.report.untried == 2000)
        #expect(result.report.results.errors.general.contains { $0.contains("were not tried") })
        #expect(cluster.with { $0.calls.count } < 200)
    }

    @Test func expiredLoginEndsTheRunSoon() async throws {
        let calls = CallCounter()
        let cluster = FakeCluster { call in
            guard call.verb == "create", calls.next() > 50 else { return }
            throw ClusterError(.unauthorized, operation: "create", cluster: "fake")
        }
        let result = try await RestoreRig(Self.maps(2000), cluster: cluster).run()
        #expect((result.error as? ClusterError)?.kind == .unauthorized)
        #expect(result.report.counts["failed", default: 0] <= 16)
        #expect(result.report.untried > 1900)
    }

    @Test func serverThatOnlyAnswersWithErrorsEndsTheRun() async throws {
        let cluster = FakeCluster { call in
            guard call.verb != "discover" else { return }
            throw ClusterError(.unavailable, operation: call.verb, cluster: "fake", reason: "etcd is gone")
        }
        let result = try await RestoreRig(Self.maps(2000), cluster: cluster).run()
        #expect((result.error as? ClusterError)?.kind == .unavailable)
        #expect(result.report.counts["failed", default: 0] < 100)
    }

    @Test func aWebhookThatIsDownFailsItsKindOnly() async throws {
        let cluster = FakeCluster { call in
            guard call.verb == "create", call.object.resource.resource == "configmaps" else { return }
            throw ClusterError(.unavailable, operation: "create", cluster: "fake", reason: "failed calling webhook")
        }
        let secrets = (0..<10).map { Fixture.object("v1", "Secret", "default", "s\($0)") }
        let services = (0..<10).map { Fixture.object("v1", "Service", "default", "v\($0)") }
        let result = try await RestoreRig(Self.maps(200) + secrets + services, cluster: cluster).run()
        #expect(result.error == nil)
        #expect(result.report.counts == ["created": 20, "failed": 200])
    }

    @Test func itemsWithoutAnswerFailAloneWhileTheServerLives() async throws {
        let cluster = FakeCluster { call in
            if call.verb == "create", call.object.name.hasSuffix("7") { throw NoAnswer() }
        }
        let result = try await RestoreRig(Self.maps(100), cluster: cluster).run()
        #expect(result.error == nil)
        #expect(result.report.counts == ["created": 90, "failed": 10])
    }

    @Test func deadStoreEndsTheRun() async throws {
        struct StoreGone: Error {}
        let contents = FakeContents(Self.maps(3000)) { batch in
            if batch == 3 { throw StoreGone() }
        }
        let result = try await RestoreRig(contents).run()
        #expect(result.error is StoreGone)
        // What was read before is brought to its end.
        #expect(result.report.counts == ["created": 192])
        #expect(result.report.untried == 3000 - 192)
    }

    @Test(.timeLimit(.minutes(10)))
    func cancellationIsPromptAndTheRecordTrue() async throws {
        let begun = CallCounter()
        let cluster = FakeCluster { call in
            guard call.verb == "create" else { return }
            if begun.next() > 100 { try await Task.sleep(for: .seconds(3600)) }
        }
        let rig = RestoreRig(Self.maps(2000), cluster: cluster)
        let run = Task { try await rig.run() }
        while begun.count <= 100 { try await Task.sleep(for: .milliseconds(5)) }
        run.cancel()
        let result = try await run.value
        #expect(result.error is CancellationError)
        #expect(result.report.counts["created"] == 100)
        let failed = result.outcomes.values.filter { $0.action.word == "failed" }
        #expect(failed.count == result.report.counts["failed", default: 0])
        #expect(failed.allSatisfy { $0.action.reason?.hasPrefix("interrupted") == true })
        #expect(failed.count <= 8)
        #expect(result.report.untried == 2000 - 100 - failed.count)
        #expect(cluster.names.count == 100)
    }

    @Test(.timeLimit(.minutes(10)))
    func cancellationNeverLosesAnObjectThatIsReplaced() async throws {
        let deleted = CallCounter()
        let cluster = FakeCluster { call in
            if call.verb == "create", deleted.count > 0 {
                // The old object is gone; the run is cancelled now.
                deleted.next()
                for _ in 0..<20 { await Task.yield() }
                try Task.checkCancellation()
            }
            if call.verb == "delete" { deleted.next() }
        }
        var rig = RestoreRig([Fixture.configMap("default", "c")], cluster: cluster)
        rig.spec.existingResourcePolicy = .replace
        cluster.seed(Fixture.configMap("default", "c", data: ["a": "2"]))
        let prepared = rig
        let run = Task { try await prepared.run() }
        while deleted.count < 2 { await Task.yield() }
        run.cancel()
        _ = try await run.value
        #expect(cluster["configmaps/default/c"]?["data"] == ["a": "1"])
    }
}
