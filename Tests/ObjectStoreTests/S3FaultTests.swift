import AWS
import CloudStorage
import Foundation
import GodwitEngine
import GodwitPluginAPI
import GodwitTestKit
import HTTPTransport
import ProgramTestKit
import Streams
import Testing

@testable import S3ObjectStore

/// Every request of a small life of objects is spoiled in turn, in every way; all of it must come out right.
@Suite(.enabled(if: S3Server.areThere, "needs the testbed"), .serialized) struct S3FaultTests {
    @Test(arguments: FaultyProxy.Fault.allCases) func everyRequestInTurn(fault: FaultyProxy.Fault) async throws {
        let endpoint = try #require(S3Server.radosgw.value("ENDPOINT"))
        let port = try #require(endpoint.split(separator: ":").last.flatMap { UInt16($0) })
        let proxy = try FaultyProxy(to: port)
        let provider = try makeStore(proxy)
        let store = try ObjectStoreStack.make(
            provider, prefix: S3Server.prefix("fault"),
            retry: RetryPolicy(attempts: 4, base: .milliseconds(1), cap: .milliseconds(5)))
        proxy.arm(nil)
        try await live(store)
        let count = proxy.requestCount
        #expect(count >= 10)
        for victim in 0..<count {
            proxy.arm(nil)
            try await store.delete(["small", "short", "large"])
            proxy.arm(fault, at: victim)
            do {
                try await live(store)
            } catch {
                Issue.record("\(fault) at \(victim) of \(count): \(error)")
            }
        }
        proxy.arm(nil)
        #expect(try await store.list(ListRequest(prefix: "")).objects.isEmpty)
        // A creation whose answer was lost leaves an upload that nobody knows of; it is found and aborted.
        try await provider.abortStaleUploads(prefix: "store-tests/fault", olderThan: .seconds(-60))
        #expect(try await provider.uploads(prefix: "store-tests/fault").isEmpty)
    }

    @Test func aStoreThatIsNotThere() async throws {
        var configuration = try S3Server.radosgw.configuration(["endpoint": "http://127.0.0.1:1"])
        configuration.retry = .none
        let store = S3ObjectStore(
            configuration, credentials: StaticCredentials(S3Server.radosgw.credentials),
            http: try S3Server.sharedClient.get())
        await expectError(.connection) { _ = try await store.stat("a") }
        await expectError(.connection) { try await store.put("a", .bytes([1]), options: PutOptions()) }
    }

    @Test(arguments: S3Server.allCases) func answersThatMeanNo(server: S3Server) async throws {
        let missing = try S3Configuration(
            bucket: "no-such-bucket-here", settings: ["endpoint": server.value("ENDPOINT") ?? ""])
        let store = S3ObjectStore(
            missing, credentials: StaticCredentials(server.credentials), http: try S3Server.sharedClient.get())
        await expectError(.bucketNotFound) { try await store.put("a", .bytes([1]), options: PutOptions()) }
        await expectError(.bucketNotFound) { _ = try await store.stat("a") }
        await expectError(.bucketNotFound) { _ = try await store.get("a", range: nil) }
        await expectError(.bucketNotFound) { _ = try await store.list(ListRequest(prefix: "")) }
        await expectError(.bucketNotFound) { try await store.delete(["a", "b"]) }
    }

    @Test(arguments: ["GODWITNOBODY", nil]) func wrongCredentials(id: String?) async throws {
        let own = S3Server.radosgw.credentials
        let wrong = AWSCredentials(accessKeyID: id ?? own.accessKeyID, secretAccessKey: "wrong")
        let store = S3ObjectStore(
            try S3Server.radosgw.configuration(), credentials: StaticCredentials(wrong),
            http: try S3Server.sharedClient.get())
        await expectError(.unauthenticated) { _ = try await store.list(ListRequest(prefix: "")) }
    }

    @Test func abandonedUploadsAreFound() async throws {
        let store = try S3Server.radosgw.store()
        let prefix = S3Server.prefix("stale")
        var request = StoreRequest("POST", "put", key: prefix + "ä b")
        request.query = [("uploads", "")]
        request.body = []
        _ = try await store.connection.document(request)
        #expect(try await store.abortStaleUploads(prefix: prefix, olderThan: .seconds(3600)).isEmpty)
        #expect(
            try await store.abortStaleUploads(prefix: prefix, olderThan: .seconds(-60)).map(\.key) == [prefix + "ä b"])
        #expect(try await store.uploads(prefix: prefix).isEmpty)
    }

    @Test(arguments: ["crc32c", "sha256", "none"]) func checksums(algorithm: String) async throws {
        for server in S3Server.allCases {
            let store = try server.store(["checksum": algorithm, "part-size": "5MiB"])
            let key = S3Server.prefix("checksum") + "a"
            let bytes = (0..<(11 << 20)).map { UInt8(truncatingIfNeeded: $0 >> 8 ^ $0) }
            try await store.put(key, .stream(ByteStream(bytes), length: nil), options: PutOptions())
            #expect(try await store.get(key, range: nil).body.collect(upTo: bytes.count) == bytes)
            #expect(try await store.uploads(prefix: key).isEmpty)
            try await store.delete([key])
        }
    }

    @Test func retention() async throws {
        let bucket = try #require(S3Server.radosgw.value("LOCK_BUCKET"))
        var configuration = try S3Server.radosgw.configuration(["object-lock": "governance", "retain": "1h"])
        configuration.bucket = bucket
        let store = S3ObjectStore(
            configuration, credentials: StaticCredentials(S3Server.radosgw.credentials),
            http: try S3Server.sharedClient.get())
        let key = S3Server.prefix("lock") + "a"
        try await store.put(
            key, .bytes([1]), options: PutOptions(retainUntil: Date().addingTimeInterval(60)))
        let head = try await store.connection.send(StoreRequest("HEAD", "stat", key: key))
        #expect(head.headers["x-amz-object-lock-mode"] == "GOVERNANCE")
        // In a bucket without object lock the server refuses, rather than to leave the object unprotected.
        let plain = try S3Server.radosgw.store()
        await #expect(throws: ObjectStoreError.self) {
            try await plain.put(key, .bytes([1]), options: PutOptions(retainUntil: Date().addingTimeInterval(60)))
        }
    }

    private func makeStore(_ proxy: FaultyProxy) throws -> S3ObjectStore {
        var configuration = try S3Server.radosgw.configuration([
            "endpoint": proxy.server.url, "part-size": "5MiB", "checksum": "none",
        ])
        configuration.retry = StreamRetry(
            RetryPolicy(attempts: 4, base: .milliseconds(1), cap: .milliseconds(5)))
        configuration.completionTimeout = .seconds(3)
        var http = configuration.http
        http.timeouts.idle = .seconds(3)
        http.proxy = ProxyConfiguration.none
        return S3ObjectStore(
            configuration, credentials: StaticCredentials(S3Server.radosgw.credentials),
            http: try CurlClient(configuration: http))
    }

    private func live(_ store: any ObjectStore) async throws {
        let small: [UInt8] = Array("small".utf8)
        let large = [UInt8](repeating: 7, count: (5 << 20) + 12_345)
        try await store.put("small", .bytes(small), options: PutOptions(ifAbsent: true))
        try await store.put("short", .stream(ByteStream(small), length: nil), options: PutOptions(ifAbsent: true))
        try await store.put("large", .stream(ByteStream(large), length: nil), options: PutOptions(ifAbsent: true))
        #expect(try await store.stat("large")?.size == Int64(large.count))
        #expect(try await store.get("large", range: nil).body.collect(upTo: large.count) == large)
        #expect(try await store.get("small", range: 1..<3).body.collect(upTo: 10) == Array(small[1..<3]))
        #expect(try await store.list(ListRequest(prefix: "s")).objects.map(\.key) == ["short", "small"])
        try await store.delete(["small", "short", "large"])
        #expect(try await store.stat("small") == nil)
    }
}

/// Records unless the body throws an error of a kind.
func expectError(_ kind: ObjectStoreError.Kind, _ body: () async throws -> Void) async {
    do {
        try await body()
        Issue.record("no error where \(kind) was expected")
    } catch let error as ObjectStoreError {
        #expect(error.kind == kind, "\(error)")
    } catch {
        Issue.record("\(error) where \(kind) was expected")
    }
}
