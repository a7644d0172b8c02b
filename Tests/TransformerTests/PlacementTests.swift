import GodwitModel
import NodePorts
import PluginConfiguration
import SelectedNode
import Testing

/// Nodes of claims, node ports, and Velero's ConfigMaps.
@Suite struct PlacementTests {
    @Test func theNewNodeIsNamed() async throws {
        let claim = try Samples.named("claim")
        var context = FakeRestoreContext()
        context.cluster[identity("nodes", nil, "node-9")] = KubernetesObject([:])
        // The built-in fixes have removed the old choice.
        var item = cleaned(claim)
        item[path: "metadata", "annotations"] = nil
        let action = SelectedNode(mapping: ["node-1": "node-9", "node-2": "node-8"])
        let outcome = try await action.execute(item, original: claim, context: context)
        #expect(outcome.item?.annotations == [SelectedNode.annotation: "node-9"] && outcome.warnings.isEmpty)
        let other = SelectedNode(mapping: ["node-2": "node-8"])
        #expect(try await other.execute(item, original: claim, context: context).item == item)
        context.cluster = [:]
        #expect(
            try await action.execute(item, original: claim, context: context).warnings == [
                "node 'node-9', to which its provisioning was mapped, does not exist in the cluster"
            ])
    }

    @Test func allNodePortsGo() async throws {
        let service = try await NodePortRemoval().restored(try Samples.named("service"))
        #expect(
            service[path: "spec", "ports"] == [["name": "http", "port": 80], ["name": "https", "port": 443]])
        #expect(service[path: "spec", "healthCheckNodePort"] == nil)
        #expect(service[path: "spec", "type"] == "LoadBalancer")
    }

    private func configMap(_ name: String, _ plugin: String, _ data: JSONValue) -> KubernetesObject {
        KubernetesObject([
            "kind": "ConfigMap",
            "metadata": [
                "name": .string(name), "labels": ["velero.io/plugin-config": "", plugin: "RestoreItemAction"],
            ], "data": data,
        ])
    }

    @Test func velerosConfigMapsAreRead() throws {
        let configuration = try PluginConfiguration([
            configMap("a", "velero.io/change-storage-class", ["gold": "fast"]),
            configMap("b", "velero.io/change-pvc-node-selector", ["node-1": "node-9"]),
            configMap("c", "velero.io/change-image-name", ["2": "5000, 3000", "1": "1.1.1.1:5000,2.2.2.2:3000"]),
            configMap("d", "velero.io/pod-volume-restore", ["image": "helper"]),
            KubernetesObject(["kind": "ConfigMap", "metadata": ["name": "other"], "data": ["gold": "wrong"]]),
        ])
        #expect(configuration.storageClasses == ["gold": "fast"])
        #expect(configuration.nodes == ["node-1": "node-9"])
        #expect(configuration.images.map(\.old) == ["1.1.1.1:5000", "5000"])
        #expect(configuration.images.map(\.new) == ["2.2.2.2:3000", "3000"])
    }

    @Test func thatThereIsNoneIsKnown() throws {
        let others = [
            configMap("d", "velero.io/pod-volume-restore", ["image": "helper"]),
            KubernetesObject(["kind": "ConfigMap", "metadata": ["name": "other"], "data": ["gold": "wrong"]]),
        ]
        #expect(try !PluginConfiguration(others).isFound && !PluginConfiguration([]).isFound)
        for plugin in PluginConfiguration.plugins {
            #expect(try PluginConfiguration(others + [configMap("e", plugin, [:])]).isFound, "\(plugin)")
        }
    }

    @Test func theFirstRuleThatFitsReplacesItsPartEverywhere() async throws {
        let configuration = try PluginConfiguration([
            configMap("c", "velero.io/change-image-name", ["1": "nginx,httpd", "2": "1.25,2.4"])
        ])
        let pod = try object(
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"image":"nginx/nginx:1.25"},
            {"image":"app:1.25"},{"image":"redis"}]}}
            """)
        let restored = try await ImageNameReplacement(rules: configuration.images).restored(pod)
        #expect(
            restored[path: "spec", "containers"] == [
                ["image": "httpd/httpd:1.25"], ["image": "app:2.4"], ["image": "redis"],
            ])
    }

    @Test func twoForOnePluginAreRefused() {
        let maps = ["b", "a"].map { configMap($0, "velero.io/change-storage-class", [:]) }
        let error = #expect(throws: PluginConfigurationError.self) { try PluginConfiguration(maps) }
        #expect(
            error?.description
                == "the ConfigMap of velero.io/change-storage-class cannot be used: there is more than one: a, b")
        #expect(error?.advice == "correct it, or leave out --plugin-config-namespace")
    }

    @Test(arguments: ["nginx", ",httpd", "nginx,", " , "])
    func anImageRuleThatIsNoneIsRefused(text: String) {
        let map = configMap("c", "velero.io/change-image-name", ["case1": .string(text)])
        let error = #expect(throws: PluginConfigurationError.self) { try PluginConfiguration([map]) }
        #expect(
            error?.description
                == "the ConfigMap of velero.io/change-image-name cannot be used: 'case1' is '\(text)', not of the form old,new"
        )
    }
}
