import GodwitModel
import Testing

@testable import KubernetesClient

@Suite(.enabled(if: LiveCluster.isThere, LiveCluster.hint))
struct LiveWritingTests {
    private let maps = LiveCluster.configMaps

    @Test func createUpdateDelete() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            let options = WriteOptions()
            let created = try await cluster.create(
                maps, namespace: namespace, object: LiveCluster.configMap("one"), options: options)
            #expect(!created.metadata.uid.isEmpty)
            #expect(created.metadata.kind == "ConfigMap")
            #expect(created.bytes.last == UInt8(ascii: "}"))
            #expect(
                try await kind {
                    try await cluster.create(
                        maps, namespace: namespace, object: LiveCluster.configMap("one"), options: options)
                } == .alreadyExists)
            var changed = try KubernetesObject(parsing: created.bytes)
            changed[path: "data", "a"] = "2"
            let updated = try await cluster.update(
                maps, namespace: namespace, name: "one", object: changed.serialized(), subresource: nil,
                options: options)
            #expect(try KubernetesObject(parsing: updated.bytes)[path: "data", "a"] == "2")
            // The old resource version is no longer the current one.
            #expect(
                try await kind {
                    try await cluster.update(
                        maps, namespace: namespace, name: "one", object: changed.serialized(), subresource: nil,
                        options: options)
                } == .conflict)
            #expect(
                try await kind {
                    try await cluster.delete(
                        maps, namespace: namespace, name: "one", options: DeleteOptions(uid: "another"))
                } == .conflict)
            try await cluster.delete(
                maps, namespace: namespace, name: "one", options: DeleteOptions(uid: created.metadata.uid))
            #expect(
                try await kind {
                    try await cluster.delete(maps, namespace: namespace, name: "one", options: DeleteOptions())
                } == .notFound)
        }
    }

    @Test func patchKinds() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            _ = try await cluster.create(
                maps, namespace: namespace, object: LiveCluster.configMap("one"), options: WriteOptions())
            let patches: [(Patch.Kind, String, String)] = [
                (.json, #"[{"op":"add","path":"/data/j","value":"1"}]"#, "j"),
                (.merge, #"{"data":{"m":"1"}}"#, "m"),
                (.strategicMerge, #"{"data":{"s":"1"}}"#, "s"),
                (.apply, #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"},"data":{"p":"1"}}"#, "p"),
            ]
            for (kind, body, key) in patches {
                let item = try await cluster.patch(
                    maps, namespace: namespace, name: "one", patch: Patch(kind, Array(body.utf8)), subresource: nil,
                    options: WriteOptions())
                #expect(try KubernetesObject(parsing: item.bytes)[path: "data", key] == "1")
            }
        }
    }

    @Test func serverSideApplyConflicts() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            func apply(_ value: String, by manager: String, force: Bool = false) async throws -> Item {
                let body = """
                    {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"},"data":{"a":"\(value)"}}
                    """
                return try await cluster.patch(
                    maps, namespace: namespace, name: "one", patch: Patch(.apply, Array(body.utf8)), subresource: nil,
                    options: WriteOptions(fieldManager: manager, force: force))
            }
            _ = try await apply("1", by: "first")
            #expect(try await kind { try await apply("2", by: "second") } == .conflict)
            let forced = try await apply("2", by: "second", force: true)
            #expect(try KubernetesObject(parsing: forced.bytes)[path: "data", "a"] == "2")
        }
    }

    @Test func dryRunChangesNothing() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            let dry = WriteOptions(isDryRun: true)
            let item = try await cluster.create(
                maps, namespace: namespace, object: LiveCluster.configMap("one"), options: dry)
            #expect(item.metadata.name == "one")
            #expect(try await cluster.get(maps, namespace: namespace, name: "one") == nil)
            _ = try await cluster.create(
                maps, namespace: namespace, object: LiveCluster.configMap("one"), options: WriteOptions())
            try await cluster.delete(maps, namespace: namespace, name: "one", options: DeleteOptions(isDryRun: true))
            #expect(try await cluster.get(maps, namespace: namespace, name: "one") != nil)
        }
    }

    @Test func invalidSecretsStaySecret() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            for body in [
                #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"k":"hunter2 is no base64"}}"#,
                #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"bad key":"aHVudGVyMg=="}}"#,
                #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"k":7,"x":"aHVudGVyMg=="}}"#,
                #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"k":"aHVudGVyMg==""#,
            ] {
                let error = await #expect(throws: ClusterError.self) {
                    try await cluster.create(
                        LiveCluster.secrets, namespace: namespace, object: Array(body.utf8), options: WriteOptions())
                }
                #expect(error?.kind == .invalid)
                #expect(error.map { "\($0)" }?.contains("hunter2") == false)
                #expect(error.map { "\($0)" }?.contains("aHVudGVy") == false)
            }
        }
    }

    @Test func aSecretOfOneMebibyte() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            let data = Base64.encode([UInt8](repeating: 0xA5, count: 1 << 20))
            func secret(_ data: String) -> [UInt8] {
                let object: JSONValue = [
                    "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "big"], "data": ["k": .string(data)],
                ]
                return object.serialized()
            }
            _ = try await cluster.create(
                LiveCluster.secrets, namespace: namespace, object: secret(data), options: WriteOptions())
            let items = try await cluster.list(LiveCluster.secrets, namespace: namespace, options: ListOptions()).all()
            let big = try #require(items.first { $0.metadata.name == "big" })
            #expect(try KubernetesObject(parsing: big.bytes)[path: "data", "k"]?.string == data)
            let tooBig = Base64.encode([UInt8](repeating: 0xA5, count: 4 << 20))
            let refusal = try await kind {
                try await cluster.create(
                    LiveCluster.secrets, namespace: namespace, object: secret(tooBig), options: WriteOptions())
            }
            #expect([.tooLarge, .invalid].contains(refusal))
        }
    }

    @Test func finalizersHoldAnObject() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            var object = try KubernetesObject(parsing: LiveCluster.configMap("held"))
            object[path: "metadata", "finalizers"] = ["example.com/hold"]
            _ = try await cluster.create(
                maps, namespace: namespace, object: object.serialized(), options: WriteOptions())
            try await cluster.delete(maps, namespace: namespace, name: "held", options: DeleteOptions())
            let held = try #require(try await cluster.get(maps, namespace: namespace, name: "held"))
            #expect(held.metadata.isTerminating)
            _ = try await cluster.patch(
                maps, namespace: namespace, name: "held",
                patch: Patch(.merge, Array(#"{"metadata":{"finalizers":null}}"#.utf8)), subresource: nil,
                options: WriteOptions())
            #expect(try await cluster.get(maps, namespace: namespace, name: "held") == nil)
        }
    }

    @Test func aTerminatingNamespaceSaysSo() async throws {
        let cluster = try LiveCluster.connect()
        let name = "kube-test-ending-\(UInt32.random(in: 0...UInt32.max))"
        let namespace: JSONValue = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]]
        _ = try await cluster.create(
            LiveCluster.namespaces, namespace: nil, object: namespace.serialized(), options: WriteOptions())
        var object = try KubernetesObject(parsing: LiveCluster.configMap("held"))
        object[path: "metadata", "finalizers"] = ["example.com/hold"]
        _ = try await cluster.create(maps, namespace: name, object: object.serialized(), options: WriteOptions())
        try await cluster.delete(LiveCluster.namespaces, namespace: nil, name: name, options: DeleteOptions())
        #expect(
            try await kind {
                try await cluster.create(
                    maps, namespace: name, object: LiveCluster.configMap("late"), options: WriteOptions())
            } == .namespaceTerminating)
        _ = try await cluster.patch(
            maps, namespace: name, name: "held",
            patch: Patch(.merge, Array(#"{"metadata":{"finalizers":null}}"#.utf8)), subresource: nil,
            options: WriteOptions())
    }
}
