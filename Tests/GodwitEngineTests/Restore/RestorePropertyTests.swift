import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import KubernetesClient
import Testing

@testable import GodwitEngine

/// Whatever is restored, and however much of it at once: the result is the same.
struct RestorePropertyTests {
    private static func objects(_ generator: inout SeededGenerator) -> [JSONValue] {
        let namespaces = ["a", "b", "c", "default"]
        var objects: [JSONValue] = namespaces.filter { _ in Bool.random(using: &generator) }.map {
            Fixture.namespace($0, labels: ["n": $0])
        }
        let kinds = [("v1", "ConfigMap"), ("v1", "Secret"), ("apps/v1", "Deployment"), ("v1", "Service")]
        var seen: Set<String> = []
        for _ in 0..<Int.random(in: 1...300, using: &generator) {
            let kind = kinds.randomElement(using: &generator) ?? kinds[0]
            let namespace = namespaces.randomElement(using: &generator) ?? "a"
            let name = "o\(Int.random(in: 0..<150, using: &generator))"
            guard seen.insert("\(kind)\(namespace)\(name)").inserted else { continue }
            var object = Fixture.object(
                kind.0, kind.1, namespace, name, labels: ["l": "\(Int.random(in: 0..<3, using: &generator))"],
                ["data": ["v": .integer(Int64.random(in: 0..<9, using: &generator))]])
            if Bool.random(using: &generator), let other = seen.randomElement(using: &generator) {
                object[path: "metadata", "annotations", "x"] = .string(other)
            }
            objects.append(object)
        }
        return objects
    }

    private static func contents(of cluster: FakeCluster) -> [ItemIdentity: JSONValue] {
        cluster.with { $0.objects }.mapValues { object in
            var object = KubernetesObject(object)
            for key in ["uid", "resourceVersion", "creationTimestamp"] { object[path: "metadata", key] = nil }
            return object.value
        }
    }

    @Test(arguments: 0..<20)
    func concurrentIsSequential(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let objects = Self.objects(&generator)
        let existing = objects.filter { _ in Int.random(in: 0..<10, using: &generator) == 0 }
        let policy = ExistingResourcePolicy.allCases[Int(seed) % 4]
        var results: [([ItemIdentity: JSONValue], [String: Int], [String: ItemOutcome.Action])] = []
        for concurrency in [1, 7, 64] {
            let cluster = FakeCluster { _ in await Task.yield() }
            for object in existing {
                if let namespace = KubernetesObject(object).namespace { cluster.seed(Fixture.namespace(namespace)) }
                var changed = object
                changed[path: "data", "v"] = 5
                cluster.seed(changed)
            }
            var rig = RestoreRig(objects, cluster: cluster)
            rig.concurrency = concurrency
            rig.spec.existingResourcePolicy = policy
            if seed.isMultiple(of: 3) {
                rig.spec.filter.labelSelectors = [LabelSelector([.isIn(key: "l", values: ["1"])])]
            }
            let result = try await rig.run()
            results.append((Self.contents(of: cluster), result.report.counts, result.outcomes.mapValues(\.action)))
        }
        for other in results.dropFirst() {
            #expect(other.0 == results[0].0)
            #expect(other.1 == results[0].1)
            #expect(other.2 == results[0].2)
        }
    }

    @Test func anIndexFindsEveryItemAndNoOther() async throws {
        var generator = SeededGenerator(seed: 3)
        let objects =
            Self.objects(&generator)
            + Self.objects(&generator).map { object in
                var object = object
                object[path: "metadata", "namespace"] = "d"
                return object
            }
        let contents = FakeContents(objects)
        let index = try await BackupIndex(contents)
        var entries: [IndexEntry] = []
        try await contents.forEachEntry { entries += $0 }
        #expect(index.count == entries.count)
        for (row, entry) in entries.enumerated() {
            #expect(index[BackupIndex.Row(row)] == entry)
            #expect(index.row(entry.identity).map { index.identity($0) } == entry.identity)
            let other = ItemIdentity(
                resource: entry.identity.resource, namespace: "nowhere", name: entry.identity.name)
            #expect(index.row(other) == nil)
        }
        #expect(index.rowsByResource.values.reduce(0) { $0 + $1.count } == entries.count)
    }
}
