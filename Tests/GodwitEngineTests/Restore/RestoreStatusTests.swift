import GodwitModel
import KubernetesClient
import Testing

@testable import GodwitEngine

struct RestoreStatusTests {
    private static func deployment(_ name: String, annotation: String? = nil) -> JSONValue {
        var value = Fixture.object(
            "apps/v1", "Deployment", "default", name, ["spec": ["replicas": 1], "status": ["ready": 1]])
        if let annotation {
            value[path: "metadata", "annotations", "velero.io/restore-status"] = .string(annotation)
        }
        return value
    }

    @Test func whereAskedFor() async throws {
        var rig = RestoreRig([
            Self.deployment("d"), Self.deployment("no", annotation: "false"),
            Fixture.object("v1", "Service", "default", "s", ["status": ["x": 1]]),
            Fixture.object("v1", "Service", "default", "yes", ["status": ["x": 1]]),
        ])
        rig.spec.restoreStatus = IncludesExcludesSpec(included: ["deploy*"])
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 4])
        #expect(rig.cluster["deployments.apps/default/d"]?["status"] == ["ready": 1])
        #expect(rig.cluster["deployments.apps/default/no"]?["status"] == nil)
        #expect(rig.cluster["services/default/s"]?["status"] == nil)
    }

    @Test func failureIsAWarning() async throws {
        let cluster = FakeCluster { call in
            guard call.verb == "patch status" else { return }
            throw ClusterError(.notFound, operation: "patch", cluster: "fake")
        }
        var rig = RestoreRig([Self.deployment("d")], cluster: cluster)
        rig.spec.restoreStatus = IncludesExcludesSpec()
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 1])
        #expect(result.report.warnings == 1)
        #expect(result.report.errors == 0)
    }

    @Test func misspeltResourceIsRefused() async throws {
        var rig = RestoreRig([Self.deployment("d")])
        rig.spec.restoreStatus = IncludesExcludesSpec(included: ["deploymnets"])
        let prepared = rig
        await #expect(throws: ItemFilterError.self) { try await prepared.prepare() }
    }
}
