import GodwitModel
import KubernetesClient
import Testing

@testable import GodwitEngine

struct RestoreDryRunTests {
    @Test(arguments: [true, false])
    func nothingIsEverChanged(serverCanBeAsked: Bool) async throws {
        let cluster = FakeCluster(
            capabilities: ClusterCapabilities(dryRun: serverCanBeAsked, controlPlane: true))
        var rig = RestoreRig(
            [
                Fixture.definition("widgets", group: "example.com", kind: "Widget"),
                Fixture.object("example.com/v1", "Widget", "shop", "w"),
                Fixture.namespace("shop"), Fixture.configMap("shop", "new"), Fixture.configMap("default", "new"),
                Fixture.configMap("default", "same"), Fixture.configMap("default", "other"),
                Fixture.configMap("gone", "c"),
            ], cluster: cluster)
        rig.isDryRun = true
        rig.spec.existingResourcePolicy = .update
        rig.spec.restoreStatus = IncludesExcludesSpec(included: ["*"])
        cluster.seed(Fixture.configMap("default", "same"))
        cluster.seed(Fixture.configMap("default", "other", data: ["a": "2"]))
        cluster.seed(Fixture.namespace("gone"))
        cluster.with { $0.terminate(Fixture.identity("namespaces/gone"), reads: 100) }
        let before = cluster.with { $0.objects }
        let result = try await rig.run()
        #expect(result.error == nil)
        #expect(cluster.writes.isEmpty)
        #expect(cluster.with { $0.objects } == before)
        #expect(result.report.errors == 0)
        #expect(result.action("widgets.example.com/shop/w") == .created)
        #expect(result.action("configmaps/shop/new") == .created)
        #expect(result.action("configmaps/gone/c") == .created)
        #expect(result.action("configmaps/default/same") == .unchanged)
        #expect(result.action("configmaps/default/other") == .updated)
        // The server was asked where it can be.
        let asked = cluster.calls.contains { $0.object == Fixture.identity("configmaps/default/new") && $0.isDryRun }
        #expect(asked == serverCanBeAsked)
    }

    @Test func customResourcesOfNoDefinitionFailAlsoInADryRun() async throws {
        var rig = RestoreRig([Fixture.object("example.com/v1", "Widget", "default", "w")])
        rig.isDryRun = true
        let result = try await rig.run()
        #expect(result.report.counts == ["failed": 1])
    }

    @Test func podsAreNotJudgedByWhatTheDryRunDidNotCreate() async throws {
        let cluster = FakeCluster { call in
            guard call.verb == "create", call.object.resource == .pods else { return }
            throw ClusterError(
                .forbidden, operation: "create", cluster: "fake",
                reason: #"error looking up service account default/robot: serviceaccount "robot" not found"#)
        }
        let pod = Fixture.object("v1", "Pod", "default", "p", ["spec": ["serviceAccountName": "robot"]])
        var rig = RestoreRig([pod, Fixture.object("v1", "ServiceAccount", "default", "robot")], cluster: cluster)
        rig.isDryRun = true
        let result = try await rig.run()
        #expect(result.action("pods/default/p") == .created)
        #expect(result.report.warnings == 1)
        rig = RestoreRig([pod], cluster: cluster)
        rig.isDryRun = true
        let other = try await rig.run()
        #expect(other.action("pods/default/p")?.word == "failed")
    }
}
