import GodwitModel
import Testing

@testable import KubernetesClient

@Suite(.enabled(if: LiveCluster.isThere, LiveCluster.hint))
struct LiveCustomResourceTests {
    @Test func aKindWithTwoVersions() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            let group = "kube-test-\(UInt32.random(in: 0...UInt32.max)).example.com"
            let schema = #"{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}"#
            let definition = """
                {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
                 "metadata":{"name":"birds.\(group)"},"spec":{"group":"\(group)","scope":"Namespaced",
                 "names":{"plural":"birds","singular":"bird","kind":"Bird","listKind":"BirdList","shortNames":["bd"]},
                 "versions":[{"name":"v1","served":true,"storage":true,"schema":\(schema)},
                             {"name":"v1beta1","served":true,"storage":false,"schema":\(schema)}]}}
                """
            let catalog = try await cluster.discover()
            let definitions = try #require(catalog[.customResourceDefinitions])
            _ = try await cluster.create(
                definitions, namespace: nil, object: Array(definition.utf8), options: WriteOptions())
            let birds = GroupResource(group: group, resource: "birds")
            var served = try await cluster.discover()
            for _ in 0..<1200 where served.versions(of: birds).count < 2 {
                try await Task.sleep(for: .milliseconds(100))
                served = try await cluster.discover()
            }
            #expect(served.versions(of: birds) == ["v1", "v1beta1"])
            #expect(served.find("bd.\(group)").first?.kind == "Bird")
            let old = try #require(served.resource(birds, version: "v1beta1"))
            let new = try #require(served[birds])
            for index in 0..<30 {
                let bird = """
                    {"apiVersion":"\(group)/v1beta1","kind":"Bird","metadata":{"name":"bird-\(index)"},
                     "spec":{"text":"}]\\"{[","n":\(index)}}
                    """
                _ = try await cluster.create(
                    old, namespace: namespace, object: Array(bird.utf8), options: WriteOptions())
            }
            for resource in [old, new] {
                let items = try await cluster.list(
                    resource, namespace: namespace, options: ListOptions(pageSize: 7)
                ).all()
                #expect(items.count == 30)
                #expect(items.allSatisfy { $0.metadata.apiVersion == resource.groupVersion.description })
                #expect(items.allSatisfy { $0.metadata.kind == "Bird" })
            }
            try await cluster.delete(definitions, namespace: nil, name: "birds.\(group)", options: DeleteOptions())
        }
    }
}
