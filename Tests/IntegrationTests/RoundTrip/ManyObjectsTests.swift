import Foundation
import GodwitModel
import KubernetesClient
import ProgramTestKit
import Synchronization
import Testing

/// Twenty thousand objects, some of which change, vanish and appear while they are listed.
@Suite(.serialized, .enabled(if: Testbed.isThere, Testbed.hint))
struct ManyObjectsTests {
    static let count = 20_000
    private static let configMaps = APIResource(
        groupVersion: GroupVersion(apiVersion: "v1"), plural: "configmaps", kind: "ConfigMap", isNamespaced: true,
        verbs: [])
    private static let secrets = APIResource(
        groupVersion: GroupVersion(apiVersion: "v1"), plural: "secrets", kind: "Secret", isNamespaced: true, verbs: [])

    private static func object(_ resource: APIResource, _ name: String, _ value: String) -> [UInt8] {
        let data: JSONValue =
            resource.kind == "Secret"
            ? ["v": .string(Data(value.utf8).base64EncodedString())] : ["v": .string(value)]
        let object: JSONValue = [
            "apiVersion": "v1", "kind": .string(resource.kind), "metadata": ["name": .string(name)], "data": data,
        ]
        return object.serialized()
    }

    private static func name(_ index: Int) -> String { "item-\(index)" }

    private static func concurrently(
        _ indices: some Sequence<Int>, _ work: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, index) in indices.enumerated() {
                if number >= 96 { try await group.next() }
                group.addTask { try await work(index) }
            }
            try await group.waitForAll()
        }
    }

    /// Half ConfigMaps, half Secrets.
    private static func resource(_ index: Int) -> APIResource { index.isMultiple(of: 2) ? configMaps : secrets }

    @Test func comeAndGo() async throws {
        try await Site.with("many") { site in
            let namespace = "many-\(Testbed.suffix())"
            let source = try Testbed.cluster(.source)
            try await site.kubectl(.source, "create", "namespace", namespace)
            try await ensuring {
                try await Self.concurrently(0..<Self.count) { index in
                    let resource = Self.resource(index)
                    _ = try await source.create(
                        resource, namespace: namespace,
                        object: Self.object(resource, Self.name(index), "value \(index)"), options: WriteOptions())
                }
                try await backUpWhileChurning(site, source, namespace)
                try await restoreAndCompare(site, namespace)
            } afterwards: {
                for side in [Testbed.Side.source, .destination] {
                    try await site.kubectl(
                        side, "delete", "namespace", namespace, "--wait=false", "--ignore-not-found")
                }
            }
        }
    }

    /// Objects below this number vanish during the backup, as many after them change, and as many new ones appear.
    private static let churned = 600

    private func backUpWhileChurning(_ site: Site, _ source: KubernetesCluster, _ namespace: String) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await Self.concurrently(0..<Self.churned) { index in
                    try await source.delete(
                        Self.resource(index), namespace: namespace, name: Self.name(index), options: DeleteOptions())
                    let next = index + Self.churned
                    _ = try await source.patch(
                        Self.resource(next), namespace: namespace, name: Self.name(next),
                        patch: Patch(.merge, Array(#"{"metadata":{"labels":{"changed":"yes"}}}"#.utf8)),
                        subresource: nil, options: WriteOptions())
                    let resource = Self.resource(index)
                    _ = try await source.create(
                        resource, namespace: namespace, object: Self.object(resource, "late-\(index)", "late"),
                        options: WriteOptions())
                }
            }
            group.addTask {
                // Small pages: many continuations, between which things happen.
                let run = try await site.godwit(
                    "backup", "create", "b", "--include-namespaces", namespace, "--page-size", "200", on: .source)
                #expect(run.status == 0, "\(run)")
            }
            try await group.waitForAll()
        }
        let verify = try await site.godwit("backup", "verify", "b", "--details=true")
        #expect(verify.status == 0, "\(verify)")
    }

    private func restoreAndCompare(_ site: Site, _ namespace: String) async throws {
        let outcomes = try await site.restore("r", from: "b", to: .destination)
        #expect(outcomes["failed"] == nil, "\(outcomes)")
        let destination = try Testbed.cluster(.destination)
        let found = Mutex<[String: String]>([:])
        for resource in [Self.configMaps, Self.secrets] {
            for try await batch in destination.list(resource, namespace: namespace, options: ListOptions()) {
                for item in batch {
                    let name = item.metadata.name
                    let value = try JSONValue(parsing: item.bytes)[path: "data", "v"]?.string ?? ""
                    let fresh = found.withLock { $0.updateValue(value, forKey: name) == nil }
                    #expect(fresh, "\(name) is there twice")
                }
            }
        }
        let values = found.withLock { $0 }
        // Everything that was there all the time is there, unchanged; what came or went may be or not.
        for index in Self.churned..<Self.count {
            let text = "value \(index)"
            let expected = Self.resource(index).kind == "Secret" ? Data(text.utf8).base64EncodedString() : text
            guard values[Self.name(index)] == expected else {
                Issue.record("\(Self.name(index)) is \(values[Self.name(index)] ?? "missing")")
                return
            }
        }
        let steady = Self.count - Self.churned
        #expect(values.count >= steady && values.count <= steady + 2 * Self.churned + 5, "\(values.count)")
    }
}
