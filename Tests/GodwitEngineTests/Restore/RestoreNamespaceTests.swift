import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Testing

@testable import GodwitEngine

struct RestoreNamespaceTests {
    private static let mapping = TestAction(name: "test/mapping") { item, _, context in
        var item = item
        if let target = item.namespace.flatMap({ context.restore.spec.namespaceMapping[$0] }) {
            item.namespace = target
        }
        if item.kind == "Namespace", let target = context.restore.spec.namespaceMapping[item.name] {
            item.name = target
        }
        return .restore(item)
    }

    @Test(arguments: [true, false])
    func mappedNamespaceKeepsLabelsAndAnnotations(namespacesIncluded: Bool) async throws {
        var rig = RestoreRig([
            Fixture.namespace("shop", labels: ["team": "a"], annotations: ["note": "n"]),
            Fixture.configMap("shop", "c"),
        ])
        rig.spec.namespaceMapping = ["shop": "shop-2"]
        rig.transformers = [Self.mapping]
        if !namespacesIncluded { rig.spec.filter.resources.included = ["configmaps"] }
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 2])
        #expect(rig.cluster.names == ["namespaces/shop-2", "configmaps/shop-2/c"])
        let namespace = KubernetesObject(try #require(rig.cluster["namespaces/shop-2"]))
        #expect(namespace.labels["team"] == "a")
        #expect(namespace.annotations == ["note": "n"])
        #expect(namespace.labels["velero.io/restore-name"] == "again")
        #expect(result.outcomes["configmaps/shop/c"]?.target == Fixture.identity("configmaps/shop-2/c"))
    }

    @Test func namespaceThatIsNotInTheBackupIsCreatedOnce() async throws {
        let rig = RestoreRig((0..<50).map { Fixture.configMap("shop", "c\($0)") })
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 51])
        #expect(rig.cluster.calls.filter { $0.verb == "create" && $0.object.resource == .namespaces }.count == 1)
    }

    @Test(arguments: [true, false])
    func terminatingNamespaceIsWaitedFor(isItem: Bool) async throws {
        let items = [Fixture.configMap("shop", "c")]
        let rig = RestoreRig(isItem ? [Fixture.namespace("shop")] + items : items)
        rig.cluster.seed(Fixture.namespace("shop"))
        rig.cluster.seed(Fixture.configMap("shop", "old"))
        rig.cluster.with { $0.terminate(Fixture.identity("namespaces/shop"), reads: 3) }
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 2])
        #expect(rig.cluster.names == ["namespaces/shop", "configmaps/shop/c"])
    }

    @Test func namespaceThatNeverGoesFailsItsItems() async throws {
        var rig = RestoreRig([Fixture.configMap("shop", "c"), Fixture.configMap("default", "c")])
        rig.timeout = .milliseconds(100)
        rig.cluster.seed(Fixture.namespace("shop"))
        rig.cluster.with { $0.terminate(Fixture.identity("namespaces/shop"), reads: .max) }
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 1, "failed": 1])
        #expect(result.action("configmaps/shop/c")?.reason?.contains("in vain") == true)
    }

    @Test func whoMayNotSeeNamespacesCanRestoreIntoOne() async throws {
        let cluster = FakeCluster { call in
            guard call.object.resource == .namespaces, call.verb == "get" || call.verb == "create" else { return }
            throw ClusterError(.forbidden, operation: call.verb, cluster: "fake")
        }
        let result = try await RestoreRig([Fixture.configMap("default", "c")], cluster: cluster).run()
        #expect(result.report.counts == ["created": 1])
    }

    @Test func existingNamespaceIsLeftAloneWithoutWarning() async throws {
        let rig = RestoreRig([Fixture.namespace("default", labels: ["a": "1"])])
        let result = try await rig.run()
        #expect(result.report.counts == ["skipped": 1])
        #expect(result.report.warnings == 0)
    }
}
