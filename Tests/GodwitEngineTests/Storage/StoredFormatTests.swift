import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import Streams
import Tarball
import Testing

@testable import GodwitEngine

/// A store whose reads cannot take a range.
struct WholeReadsStore: ObjectStore {
    let inner: MemoryObjectStore
    var capabilities: ObjectStoreCapabilities {
        ObjectStoreCapabilities(conditionalPut: false, rangedGet: false, objectLock: false, signedURLs: false)
    }
    var description: String { inner.description }

    func put(_ key: String, _ body: ObjectBody, options: PutOptions) async throws -> ObjectInfo {
        #expect(!options.ifAbsent)
        return try await inner.put(key, body, options: options)
    }
    func get(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        #expect(range == nil)
        return try await inner.get(key, range: nil)
    }
    func stat(_ key: String) async throws -> ObjectInfo? { try await inner.stat(key) }
    func list(_ request: ListRequest) async throws -> ListPage { try await inner.list(request) }
    func delete(_ keys: [String]) async throws { try await inner.delete(keys) }
    func discardUnfinishedPuts(below prefix: String) async throws {}
    func signedURL(for key: String, expiresIn lifetime: Duration) async throws -> String? { nil }
}

@Suite("Formats in the store")
struct StoredFormatTests {
    @Test("native to Velero and back gives the same items in the same order")
    func roundTrip() async throws {
        let store = MemoryObjectStore()
        let catalog = BackupCatalog(store: store)
        let report = try await backUp(SourceFake.shop(), to: store)
        let exporter = BackupExporter(from: catalog, to: catalog)
        _ = try await exporter.export("b", as: "v", format: .velero)
        _ = try await exporter.export("v", as: "n", format: .godwit)
        let original = try await contents(in: store)
        for name in ["v", "n"] {
            let copy = try await contents(of: name, in: store)
            #expect(copy.map(\.text) == original.map(\.text))
            #expect(copy.map(\.entry.identity) == original.map(\.entry.identity))
            #expect(copy.map(\.entry.uid) == original.map(\.entry.uid))
            #expect(try await BackupVerifier(catalog: catalog).verify(name, details: true).isWhole)
            let stored = try await catalog.backup(named: name)
            #expect(stored.backup.status.itemsBackedUp == report.backup.status.itemsBackedUp)
            #expect(try await catalog.results(of: stored) == report.results)
        }
        let velero = try JSONValue(parsing: try await bytes("backups/v/velero-backup.json", in: store))
        #expect(velero[path: "status", "formatVersion"] == "1.1.0")
        #expect(velero[path: "status", "version"] == 1)
        let logs = try await catalog.logs(of: try await catalog.backup(named: "n")).collect(upTo: 1 << 20)
        #expect(String(decoding: logs, as: UTF8.self).contains("secrets: 2 items"))
    }

    @Test("a store that knows neither ranges nor conditions is enough")
    func simplestStore() async throws {
        let store = WholeReadsStore(inner: MemoryObjectStore())
        _ = try await backUp(SourceFake.shop(), to: store)
        #expect(try await contents(in: store).count > 10)
    }

    private func velero(_ entries: [(String, String)], version: String) async throws -> MemoryObjectStore {
        let store = MemoryObjectStore()
        let channel = BoundedChannel<[UInt8]>(limit: .max, cost: \.count)
        let writer = try TarballWriter(compression: .gzip(), output: channel)
        _ = try await writer.append(
            ([("metadata/version", version)] + entries).map {
                TarballEntry(path: $0.0, content: Array($0.1.utf8), modified: 0)
            })
        _ = try await writer.finish()
        let tarball = try await ByteStream(channel).collect(upTo: .max)
        try await store.put("backups/old/old.tar.gz", .bytes(tarball), options: PutOptions())
        let metadata =
            #"{"apiVersion":"velero.io/v1","kind":"Backup","metadata":{"name":"old","namespace":"velero","x":1},"spec":{},"status":{"phase":"Completed","version":1}}"#
        try await store.put("backups/old/velero-backup.json", .bytes(Array(metadata.utf8)), options: PutOptions())
        return store
    }

    @Test("a tarball of Velero 1.1 has plain paths only")
    func formatOne() async throws {
        let pod = #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"n","uid":"7"}}"#
        let store = try await velero([("resources/pods/namespaces/n/a.json", pod)], version: "1")
        let items = try await contents(of: "old", in: store)
        #expect(items.map(\.text) == [pod])
        #expect(items[0].entry.kind == "Pod" && items[0].entry.uid == "7")
    }

    @Test("copies for other versions of an API do not count")
    func versions() async throws {
        func hpa(_ version: String) -> String {
            #"{"apiVersion":"autoscaling/\#(version)","kind":"HorizontalPodAutoscaler","metadata":{"name":"a","namespace":"n"}}"#
        }
        let folder = "resources/horizontalpodautoscalers.autoscaling"
        let store = try await velero(
            [
                ("\(folder)/v1/namespaces/n/a.json", hpa("v1")),
                ("\(folder)/v2-preferredversion/namespaces/n/a.json", hpa("v2")),
                ("\(folder)/namespaces/n/a.json", hpa("v2")),
            ], version: "1.1.0\n")
        #expect(try await contents(of: "old", in: store).map(\.text) == [hpa("v2")])
    }

    @Test("an unknown version is refused, and so is a truncated tarball")
    func refused() async throws {
        let newer = try await velero([], version: "2.0.0")
        let error = await #expect(throws: BackupStorageError.self) { _ = try await contents(of: "old", in: newer) }
        #expect(error?.kind == .unsupported)
        let store = try await velero([("resources/pods/namespaces/n/a.json", "{}")], version: "1")
        let whole = try await bytes("backups/old/old.tar.gz", in: store)
        try await store.put("backups/old/old.tar.gz", .bytes(Array(whole.dropLast(20))), options: PutOptions())
        let damaged = await #expect(throws: BackupStorageError.self) { _ = try await contents(of: "old", in: store) }
        #expect(damaged?.kind == .damaged)
    }
}
