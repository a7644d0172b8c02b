import GodwitModel
import Testing

@testable import KubernetesClient

@Suite(.enabled(if: LiveCluster.isThere, LiveCluster.hint))
struct LiveReadingTests {
    @Test func versionAndDiscovery() async throws {
        let cluster = try LiveCluster.connect()
        #expect(try await cluster.version().gitVersion.hasPrefix("v1."))
        let catalog = try await cluster.discover()
        #expect(catalog.failedGroups.isEmpty)
        let deployments = try #require(catalog.find("deploy").first)
        #expect(deployments.groupVersion.description == "apps/v1")
        #expect(deployments.isNamespaced)
        #expect(deployments.categories.contains("all"))
        #expect(catalog.find("ns").first?.isNamespaced == false)
        #expect(!catalog.all.contains { $0.plural.contains("/") })
        #expect(catalog[.customResourceDefinitions]?.groupVersion.version == "v1")
        #expect(catalog.all.contains { $0.groupVersion.version == "v1beta1" })
    }

    @Test func smallPagesGiveEverythingOnce() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            try await LiveCluster.createConfigMaps(3000, in: namespace, of: cluster)
            for pageSize in [97, 500, 0] {
                let items = try await cluster.list(
                    LiveCluster.configMaps, namespace: namespace, options: ListOptions(pageSize: pageSize)
                ).all().filter { $0.metadata.name.hasPrefix("item-") }
                #expect(items.count == 3000)
                #expect(items.map(\.metadata.name) == items.map(\.metadata.name).sorted())
                #expect(Set(items.map(\.metadata.uid)).count == 3000)
                #expect(items.allSatisfy { $0.metadata.kind == "ConfigMap" && $0.metadata.apiVersion == "v1" })
            }
            let last = try #require(
                try await cluster.get(LiveCluster.configMaps, namespace: namespace, name: "item-7"))
            #expect(try KubernetesObject(parsing: last.bytes)[path: "data", "a"] == "1")
        }
    }

    @Test func objectsVanishAndAppearMeanwhile() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            try await LiveCluster.createConfigMaps(400, in: namespace, of: cluster)
            var names: [String] = []
            var batches = 0
            let stream = cluster.list(
                LiveCluster.configMaps, namespace: namespace, options: ListOptions(pageSize: 10))
            for try await batch in stream {
                names += batch.map(\.metadata.name)
                batches += 1
                guard batches < 20 else { continue }
                try await cluster.delete(
                    LiveCluster.configMaps, namespace: namespace, name: "item-\(399 - batches)",
                    options: DeleteOptions())
                _ = try await cluster.create(
                    LiveCluster.configMaps, namespace: namespace, object: LiveCluster.configMap("item-9999-\(batches)"),
                    options: WriteOptions())
            }
            // A listing shows one moment: the one at which it began.
            #expect(names.filter { $0.hasPrefix("item-") }.count == 400)
        }
    }

    @Test func labelAndFieldSelectors() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            try await LiveCluster.createConfigMaps(3, in: namespace, of: cluster)
            let patch = Patch(.merge, Array(#"{"metadata":{"labels":{"tier":"db"}}}"#.utf8))
            _ = try await cluster.patch(
                LiveCluster.configMaps, namespace: namespace, name: "item-1", patch: patch, subresource: nil,
                options: WriteOptions())
            let labelled = try await cluster.list(
                LiveCluster.configMaps, namespace: namespace,
                options: ListOptions(labelSelector: LabelSelector(parsing: "tier in (db,web),!other"))
            ).all()
            #expect(labelled.map(\.metadata.name) == ["item-1"])
            let named = try await cluster.list(
                LiveCluster.configMaps, namespace: nil,
                options: ListOptions(fieldSelector: "metadata.name=item-2,metadata.namespace=\(namespace)")
            ).all()
            #expect(named.map(\.identity.description) == ["configmaps/\(namespace)/item-2"])
        }
    }

    @Test func unknownResourcesAndBadNames() async throws {
        let cluster = try LiveCluster.connect()
        let unknown = LiveCluster.core("nonsenses", "Nonsense")
        #expect(
            try await kind { try await cluster.list(unknown, namespace: nil, options: ListOptions()).all() }
                == .notFound)
        let missing = try await cluster.get(LiveCluster.configMaps, namespace: "default", name: "no-such")
        #expect(missing?.metadata.name == nil)
        for name in ["", ".", "..", "a/b", "a%2fb"] {
            #expect(
                try await kind {
                    try await cluster.delete(
                        LiveCluster.configMaps, namespace: "default", name: name, options: DeleteOptions())
                } == .invalid)
        }
        #expect(
            try await kind { try await cluster.get(LiveCluster.configMaps, namespace: nil, name: "a") } == .invalid)
    }

    @Test func dropAListingInTheMiddle() async throws {
        try await LiveCluster.withNamespace { cluster, namespace in
            try await LiveCluster.createConfigMaps(200, in: namespace, of: cluster)
            for _ in 0..<20 {
                let stream = cluster.list(
                    LiveCluster.configMaps, namespace: namespace, options: ListOptions(pageSize: 7))
                var iterator = stream.makeAsyncIterator()
                #expect(try await iterator.next()?.isEmpty == false)
            }
        }
    }
}
