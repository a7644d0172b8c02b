import Foundation
import GodwitModel
import KubernetesClient
import ProgramTestKit
import Testing

/// A namespace of the source that takes a moment to back up: many small objects, and some large ones that no compressor
/// makes smaller, so that an upload has several parts.
struct Load {
    static let small = 600
    static let large = 24

    let namespace: String
    let source: KubernetesCluster

    /// Makes the namespace, runs the body, and removes the namespace from both clusters.
    static func with(_ site: Site, _ body: (Load) async throws -> Void) async throws {
        let load = Load(namespace: "load-\(Testbed.suffix())", source: try Testbed.cluster(.source))
        try await site.kubectl(.source, "create", "namespace", load.namespace)
        try await ensuring {
            try await load.fill()
            try await body(load)
        } afterwards: {
            for side in [Testbed.Side.source, .destination] {
                try await site.kubectl(
                    side, "delete", "namespace", load.namespace, "--wait=false", "--ignore-not-found")
            }
        }
    }

    private func fill() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<(Self.small + Self.large) {
                if index >= 32 { try await group.next() }
                group.addTask { try await create(index) }
            }
            try await group.waitForAll()
        }
    }

    private func create(_ index: Int) async throws {
        let isLarge = index < Self.large
        let resource = APIResource(
            groupVersion: GroupVersion(apiVersion: "v1"), plural: isLarge ? "secrets" : "configmaps",
            kind: isLarge ? "Secret" : "ConfigMap", isNamespaced: true, verbs: [])
        let noise = Noise.base64(isLarge ? 900_000 : 100)
        let object: JSONValue = [
            "apiVersion": "v1", "kind": .string(resource.kind), "metadata": ["name": .string("load-\(index)")],
            "data": ["noise": .string(noise)],
        ]
        _ = try await source.create(
            resource, namespace: namespace, object: object.serialized(), options: WriteOptions())
    }

    /// The number of these objects in a cluster.
    static func count(_ site: Site, _ side: Testbed.Side, _ namespace: String) async throws -> Int {
        let names = try await site.kubectl(side, "get", "configmaps,secrets", "-n", namespace, "-o", "name")
        return names.split(separator: "\n").filter { $0.contains("/load-") }.count
    }
}
