import GodwitModel
import HTTPTransport
import Streams
import Synchronization
import Testing

@testable import KubernetesClient

/// Listings and watches over broken connections and compacted histories. They use the destination cluster, because a
/// compaction takes the one moment that a listing shows away from all others that run then.
@Suite(
    .enabled(
        if: TestEnvironment["GODWIT_TEST_DESTINATION_ETCD"] != nil
            && TestEnvironment["GODWIT_TEST_DESTINATION_KUBECONFIG"] != nil, LiveCluster.hint))
struct LiveResumeTests {
    private static let variable = "GODWIT_TEST_DESTINATION_KUBECONFIG"
    private static let events = LiveCluster.core("events", "Event")

    private let maps = LiveCluster.configMaps

    /// A cluster whose connections go through a proxy.
    private func connect(through proxy: CuttingProxy) throws -> KubernetesCluster {
        var configuration = try LiveCluster.configuration(Self.variable)
        configuration.server = "https://127.0.0.1:\(proxy.port)"
        return try KubernetesCluster(connecting: configuration)
    }

    private func makeProxy() throws -> CuttingProxy {
        let server = try LiveCluster.configuration(Self.variable).server
        let proxy = try CuttingProxy(to: try #require(server.split(separator: ":").last.flatMap { UInt16($0) }))
        proxy.start()
        return proxy
    }

    @Test func aListingGoesOnAfterACompaction() async throws {
        try await LiveCluster.withNamespace(Self.variable) { cluster, namespace in
            // More than a listing fetches ahead, so that the end of it is still to come when the history is compacted.
            try await LiveCluster.createConfigMaps(300, size: 40_000, in: namespace, of: cluster)
            var names: [String] = []
            var batches = 0
            let stream = cluster.list(maps, namespace: namespace, options: ListOptions(pageSize: 20))
            for try await batch in stream {
                names += batch.map(\.metadata.name)
                batches += 1
                guard batches == 2 else { continue }
                // Names that the listing has passed, and names that are still to come.
                for gone in ["item-0", "item-99"] {
                    try await cluster.delete(maps, namespace: namespace, name: gone, options: DeleteOptions())
                }
                for new in ["aaa", "zzz"] {
                    _ = try await cluster.create(
                        maps, namespace: namespace, object: LiveCluster.configMap(new), options: WriteOptions())
                }
                try await Etcd.compact()
            }
            let stayed = Set((0..<300).map { "item-\($0)" }).subtracting(["item-0", "item-99"])
            #expect(stayed.isSubset(of: names))
            #expect(Set(names).count == names.count)
            #expect(names == names.sorted())
            // It was the state after the compaction that the rest came from.
            #expect(names.contains("zzz"))
        }
    }

    @Test func aListingGoesOnAfterBrokenConnections() async throws {
        let proxy = try makeProxy()
        defer { proxy.close() }
        let through = try connect(through: proxy)
        try await LiveCluster.withNamespace(Self.variable) { cluster, namespace in
            try await LiveCluster.createConfigMaps(300, in: namespace, of: cluster)
            var names: [String] = []
            let stream = through.list(maps, namespace: namespace, options: ListOptions(pageSize: 20))
            for try await batch in stream {
                names += batch.map(\.metadata.name)
                proxy.cut()
            }
            #expect(names.filter { $0.hasPrefix("item-") } == (0..<300).map { "item-\($0)" }.sorted())
            #expect(proxy.accepted > 1)
        }
    }

    @Test func aWatchResumesAfterABrokenConnection() async throws {
        let proxy = try makeProxy()
        defer { proxy.close() }
        let through = try connect(through: proxy)
        try await LiveCluster.withNamespace(Self.variable) { cluster, namespace in
            try await LiveCluster.createConfigMaps(1, in: namespace, of: cluster)
            var iterator = through.watch(maps, namespace: namespace, options: WatchOptions()).makeAsyncIterator()
            #expect(try await iterator.nextWords() == "added item-0")
            for index in 1...3 {
                proxy.refuse(true)
                proxy.cut()
                _ = try await cluster.create(
                    maps, namespace: namespace, object: LiveCluster.configMap("item-\(index)"), options: WriteOptions())
                proxy.refuse(false)
                // Neither lost nor reported twice.
                #expect(try await iterator.nextWords() == "added item-\(index)")
            }
            #expect(proxy.accepted > 3)
        }
    }

    /// The API server keeps no events of Events: their watches reach etcd, where a compaction makes versions expire.
    @Test func aWatchReportsWhatItMissedBehindACompaction() async throws {
        let proxy = try makeProxy()
        defer { proxy.close() }
        let through = try connect(through: proxy)
        try await LiveCluster.withNamespace(Self.variable) { cluster, namespace in
            func create(_ name: String) async throws {
                let event: JSONValue = [
                    "apiVersion": "v1", "kind": "Event",
                    "metadata": ["name": .string(name), "namespace": .string(namespace)],
                    "involvedObject": ["namespace": .string(namespace), "kind": "Pod", "name": "none"],
                ]
                _ = try await cluster.create(
                    Self.events, namespace: namespace, object: event.serialized(), options: WriteOptions())
            }
            for name in ["item-changed", "item-gone", "item-replaced", "item-same"] { try await create(name) }
            var iterator = through.watch(Self.events, namespace: namespace, options: WatchOptions())
                .makeAsyncIterator()
            for name in ["item-changed", "item-gone", "item-replaced", "item-same"] {
                #expect(try await iterator.nextWords() == "added \(name)")
            }
            try await create("item-watched")
            #expect(try await iterator.nextWords() == "added item-watched")

            proxy.refuse(true)
            proxy.cut()
            let patch = Patch(.merge, Array(#"{"message":"changed"}"#.utf8))
            _ = try await cluster.patch(
                Self.events, namespace: namespace, name: "item-changed", patch: patch, subresource: nil,
                options: WriteOptions())
            for name in ["item-gone", "item-replaced"] {
                try await cluster.delete(Self.events, namespace: namespace, name: name, options: DeleteOptions())
            }
            try await create("item-new")
            try await create("item-replaced")
            try await Etcd.compact()
            proxy.refuse(false)

            var found: [String] = []
            for _ in 0..<5 { found.append(try await iterator.nextWords()) }
            #expect(
                found == [
                    "modified item-changed", "added item-new", "deleted item-replaced", "added item-replaced",
                    "deleted item-gone",
                ])
            try await create("item-last")
            #expect(try await iterator.nextWords() == "added item-last")
        }
    }

    /// Servers send a bookmark two seconds before the end of a watch, among others.
    @Test func bookmarksKeepAQuietWatchYoung() async throws {
        try await LiveCluster.withNamespace(Self.variable) { cluster, namespace in
            try await LiveCluster.createConfigMaps(1, in: namespace, of: cluster)
            let recording = try RecordingClient(cluster.configuration.http)
            let recorded = try KubernetesCluster(cluster.configuration) { _ in recording }
            let path = try ResourcePath(maps, namespace: namespace).path()
            let channel = BoundedChannel<WatchEvent>(limit: 64) { _ in 1 }
            var request = APIRequest(path, operation: "watch")
            request.query.add("fieldSelector", "metadata.name=item-0")
            let watching = Task { [maps, request] in
                var watcher = Watcher(
                    recorded.connection, maps, request: request, resourceVersion: nil, serverTimeout: 4...4,
                    into: channel)
                await watcher.run()
            }
            defer { watching.cancel() }
            guard case .added? = try await channel.next() else {
                Issue.record("not added")
                return
            }
            // Others change; the watched object does not.
            var versions: [Int] = []
            var index = 0
            while versions.count < 2 {
                index += 1
                _ = try await cluster.create(
                    maps, namespace: namespace, object: LiveCluster.configMap("other-\(index)"), options: WriteOptions()
                )
                try await Task.sleep(for: .milliseconds(100))
                versions = recording.values(of: "resourceVersion").compactMap { Int($0) }
            }
            #expect(versions[1] > versions[0])
        }
    }
}

/// The store behind the destination cluster, by its JSON gateway.
private enum Etcd {
    /// Forgets everything but the newest state.
    static func compact() async throws {
        let endpoint = try #require(TestEnvironment["GODWIT_TEST_DESTINATION_ETCD"])
        let client = try CurlClient(configuration: HTTPConfiguration())
        let range = try await post(client, "\(endpoint)/v3/kv/range", ["key": "AA=="])
        let revision = try #require(range[path: "header", "revision"])
        // Another test, or the API server, may have compacted up to a newer state meanwhile; then it is done.
        _ = try await post(
            client, "\(endpoint)/v3/kv/compaction", ["revision": revision, "physical": true],
            unless: "required revision has been compacted")
    }

    private static func post(
        _ client: CurlClient, _ url: String, _ body: JSONValue, unless isDone: String? = nil
    ) async throws -> JSONValue {
        let response = try await client.send(HTTPRequest("POST", url, body: .bytes(body.serialized())))
        let answer = try await response.body.collect(upTo: 1 << 20)
        let text = String(decoding: answer, as: UTF8.self)
        if let isDone, response.status == 400, text.contains(isDone) { return [:] }
        try #require(response.status == 200, "etcd: \(text)")
        return try JSONValue(parsing: answer)
    }
}

/// Notes what it sends.
private final class RecordingClient: HTTPClient {
    private let client: CurlClient
    private let urls = Mutex<[String]>([])

    init(_ configuration: HTTPConfiguration) throws { client = try CurlClient(configuration: configuration) }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        urls.withLock { $0.append(request.url) }
        return try await client.send(request)
    }

    /// The values of a parameter in the requests that had it.
    func values(of parameter: String) -> [String] {
        urls.withLock { urls in
            urls.compactMap { url in
                url.split(separator: "?").last?.split(separator: "&").first { $0.hasPrefix("\(parameter)=") }
                    .map { String($0.dropFirst(parameter.count + 1)) }
            }
        }
    }
}
