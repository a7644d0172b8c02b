import GodwitModel
import HTTPTransport
import Testing

@testable import KubernetesClient

/// The testbed's API servers.
enum LiveCluster {
    static let hint: Comment = "needs the testbed: eval \"$(scripts/testbed env)\""
    static var isThere: Bool { TestEnvironment["GODWIT_TEST_SOURCE_KUBECONFIG"] != nil }

    static func connect(_ variable: String = "GODWIT_TEST_SOURCE_KUBECONFIG") throws -> KubernetesCluster {
        try KubernetesCluster(connecting: configuration(variable))
    }

    static func configuration(_ variable: String = "GODWIT_TEST_SOURCE_KUBECONFIG") throws -> ClusterConfiguration {
        let path = try #require(TestEnvironment[variable])
        return try ClusterConfiguration.load(kubeconfigPath: path, context: nil, environment: [:])
    }

    static let namespaces = core("namespaces", "Namespace", namespaced: false)
    static let configMaps = core("configmaps", "ConfigMap")
    static let secrets = core("secrets", "Secret")
    static let deployments = APIResource(
        groupVersion: GroupVersion(group: "apps", version: "v1"), plural: "deployments", kind: "Deployment",
        isNamespaced: true, verbs: [])

    static func core(_ plural: String, _ kind: String, namespaced: Bool = true) -> APIResource {
        APIResource(
            groupVersion: GroupVersion(apiVersion: "v1"), plural: plural, kind: kind, isNamespaced: namespaced,
            verbs: [])
    }

    /// Runs a test in a namespace of its own and removes it after.
    static func withNamespace(
        _ variable: String = "GODWIT_TEST_SOURCE_KUBECONFIG",
        _ body: (KubernetesCluster, _ namespace: String) async throws -> Void
    ) async throws {
        let cluster = try connect(variable)
        let name = "kube-test-\(UInt32.random(in: 0...UInt32.max))"
        let object: JSONValue = [
            "apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)],
        ]
        _ = try await cluster.create(namespaces, namespace: nil, object: object.serialized(), options: WriteOptions())
        do {
            try await body(cluster, name)
        } catch {
            try await cluster.delete(namespaces, namespace: nil, name: name, options: DeleteOptions())
            throw error
        }
        try await cluster.delete(namespaces, namespace: nil, name: name, options: DeleteOptions())
    }

    static func configMap(_ name: String, _ data: [String: JSONValue] = ["a": "1"]) -> [UInt8] {
        let object: JSONValue = [
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)], "data": .object(data),
        ]
        return object.serialized()
    }

    /// Creates many objects, some at a time.
    ///
    /// - Parameter size: bytes of each one's content.
    static func createConfigMaps(
        _ count: Int, size: Int = 1, in namespace: String, of cluster: KubernetesCluster
    ) async throws {
        let data: [String: JSONValue] = ["a": .string(String(repeating: "1", count: size))]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<count {
                if index >= 32 { try await group.next() }
                group.addTask {
                    _ = try await cluster.create(
                        configMaps, namespace: namespace, object: configMap("item-\(index)", data),
                        options: WriteOptions())
                }
            }
            try await group.waitForAll()
        }
    }
}

extension ItemStream {
    /// Everything.
    func all() async throws -> [Item] {
        var items: [Item] = []
        for try await batch in self { items += batch }
        return items
    }
}

extension WatchStream.AsyncIterator {
    /// The next event about an object of a test (`item-...`), in words; `end` when there is none.
    mutating func nextWords() async throws -> String {
        while let event = try await next() {
            let (word, item) =
                switch event {
                case .added(let item): ("added", item)
                case .modified(let item): ("modified", item)
                case .deleted(let item): ("deleted", item)
                }
            if item.metadata.name.hasPrefix("item-") { return "\(word) \(item.metadata.name)" }
        }
        return "end"
    }
}

/// The kind of the cluster error that a call throws.
func kind<Value>(of call: () async throws -> Value) async throws -> ClusterError.Kind? {
    do {
        _ = try await call()
        return nil
    } catch let error as ClusterError {
        return error.kind
    }
}
