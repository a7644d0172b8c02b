import GodwitModel
import Testing

@testable import KubernetesClient

@Suite(.enabled(if: LiveCluster.isThere, LiveCluster.hint))
struct LiveWatchTests {
    private let maps = LiveCluster.configMaps

    @Test func everythingThatHappens() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            try await LiveCluster.createConfigMaps(2, in: namespace, of: cluster)
            var events = cluster.watch(maps, namespace: namespace, options: WatchOptions()).makeAsyncIterator()
            #expect(try await events.nextWords() == "added item-0")
            #expect(try await events.nextWords() == "added item-1")
            _ = try await cluster.create(
                maps, namespace: namespace, object: LiveCluster.configMap("item-2"), options: WriteOptions())
            #expect(try await events.nextWords() == "added item-2")
            _ = try await cluster.patch(
                maps, namespace: namespace, name: "item-0", patch: Patch(.merge, Array(#"{"data":{"a":"2"}}"#.utf8)),
                subresource: nil, options: WriteOptions())
            #expect(try await events.nextWords() == "modified item-0")
            try await cluster.delete(maps, namespace: namespace, name: "item-1", options: DeleteOptions())
            #expect(try await events.nextWords() == "deleted item-1")
        }
    }

    @Test func resumingAtAVersion() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            try await LiveCluster.createConfigMaps(2, in: namespace, of: cluster)
            let version = try #require(try await cluster.get(maps, namespace: namespace, name: "item-1"))
                .metadata.resourceVersion
            _ = try await cluster.create(
                maps, namespace: namespace, object: LiveCluster.configMap("item-9"), options: WriteOptions())
            var events = cluster.watch(
                maps, namespace: namespace,
                options: WatchOptions(fieldSelector: "metadata.name=item-9", resourceVersion: version)
            ).makeAsyncIterator()
            #expect(try await events.nextWords() == "added item-9")
        }
    }

    @Test func anExpiredVersionListsAnew() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            try await LiveCluster.createConfigMaps(2, in: namespace, of: cluster)
            var events = cluster.watch(
                maps, namespace: namespace, options: WatchOptions(resourceVersion: "1")
            ).makeAsyncIterator()
            // A young server still has its first version and tells what happened since, in the order of the creations,
            // which run at once; later it lists, in the order of the names.
            let told: Set = [try await events.nextWords(), try await events.nextWords()]
            #expect(told == ["added item-0", "added item-1"])
        }
    }
}

@Suite struct WatchStateTests {
    private func item(_ name: String, uid: String, version: String) throws -> Item {
        let bytes = Array(#"{"metadata":{"name":"\#(name)","uid":"\#(uid)","resourceVersion":"\#(version)"}}"#.utf8)
        return Item(
            bytes: bytes, metadata: try ItemMetadata(scanning: bytes), resource: GroupResource(resource: "things"))
    }

    private func words(_ events: [WatchEvent]) -> [String] {
        events.map { event in
            switch event {
            case .added(let item): "+\(item.metadata.name)"
            case .modified(let item): "~\(item.metadata.name)"
            case .deleted(let item): "-\(item.metadata.name) \(item.metadata.uid)"
            }
        }
    }

    @Test func differencesBetweenListings() throws {
        var state = WatchState()
        state.beginListing()
        for name in ["same", "changed", "gone", "replaced"] {
            #expect(words(state.events(forListed: try item(name, uid: "1", version: "1"))) == ["+\(name)"])
        }
        #expect(state.endListing(ListPageScannerTests.things).isEmpty)
        state.note(.added(try item("late", uid: "1", version: "2")))
        state.note(.deleted(try item("late", uid: "1", version: "3")))
        state.beginListing()
        #expect(words(state.events(forListed: try item("same", uid: "1", version: "1"))).isEmpty)
        #expect(words(state.events(forListed: try item("changed", uid: "1", version: "5"))) == ["~changed"])
        #expect(
            words(state.events(forListed: try item("replaced", uid: "2", version: "6"))) == [
                "-replaced 1", "+replaced",
            ])
        #expect(words(state.endListing(ListPageScannerTests.things)) == ["-gone 1"])
    }
}
