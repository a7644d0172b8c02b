import Foundation
import GodwitEngine
import GodwitPluginAPI
import GodwitTestKit
import HTTPTransport
import ProgramTestKit
import Streams
import Testing

@testable import AzureObjectStore
@testable import CloudStorage
@testable import GCSObjectStore

/// Every request of a small life of objects is spoiled in turn, in every way; all of it must come out right.
@Suite(.enabled(if: Cloud.areThere, "needs the testbed")) struct CloudFaultTests {
    @Test(arguments: Cloud.allCases, FaultyProxy.Fault.allCases)
    func everyRequestInTurn(cloud: Cloud, fault: FaultyProxy.Fault) async throws {
        let proxy = try Self.proxy(cloud)
        let retry = RetryPolicy(attempts: 5, base: .milliseconds(1), cap: .milliseconds(5))
        let store = try ObjectStoreStack.make(
            try Self.store(cloud, through: proxy, retry: retry), prefix: S3Server.prefix("fault"), retry: retry)
        proxy.arm(nil)
        try await live(store)
        let count = proxy.requestCount
        #expect(count >= 10)
        for victim in 0..<count {
            proxy.arm(nil)
            try await store.delete(["small", "short", "large", "only"])
            proxy.arm(fault, at: victim)
            do {
                try await live(store)
            } catch {
                Issue.record("\(fault) at \(victim) of \(count): \(error)")
            }
        }
        proxy.arm(nil)
        #expect(try await store.list(ListRequest(prefix: "")).objects.isEmpty)
    }

    @Test(arguments: Cloud.allCases) func aStoreThatIsNotThere(cloud: Cloud) async throws {
        let store = try cloud.store(
            ["endpoint": "http://127.0.0.1:1\(cloud == .azure ? "/account" : "")"], retry: .none)
        await expectError(.connection) { _ = try await store.stat("a") }
        await expectError(.connection) { try await store.put("a", .bytes([1]), options: PutOptions()) }
    }

    @Test(arguments: Cloud.allCases) func aBucketThatIsNotThere(cloud: Cloud) async throws {
        let store = try cloud.store(bucket: "no-such-bucket-here")
        await expectError(.bucketNotFound) { try await store.put("a", .bytes([1]), options: PutOptions()) }
        let long = ByteStream(Cloud.pattern(9 << 20))
        await expectError(.bucketNotFound) {
            try await store.put("a", .stream(long, length: nil), options: PutOptions())
        }
        await expectError(.bucketNotFound) { _ = try await store.stat("a") }
        await expectError(.bucketNotFound) { _ = try await store.get("a", range: nil) }
        await expectError(.bucketNotFound) { _ = try await store.list(ListRequest(prefix: "")) }
        await expectError(.bucketNotFound) { try await store.delete(["a", "b"]) }
    }

    @Test(arguments: Cloud.allCases) func somethingElseAnswers(cloud: Cloud) async throws {
        let server = try LocalServer { connection in
            // A body comes after its head: what is left unread would end the answer with a reset.
            guard let request = LocalServer.read(connection) else { return }
            if request.starts(with: "P".utf8), String(decoding: request, as: UTF8.self).hasSuffix("\r\n\r\n") {
                _ = LocalServer.read(connection)
            }
            let text = "<html>Welcome</html>"
            let head = "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n"
            _ = LocalServer.write(Array((head + text).utf8), to: connection)
        }
        let store = try cloud.store(["endpoint": server.url + (cloud == .azure ? "/account" : "")], retry: .none)
        await expectError(.unavailable) { _ = try await store.list(ListRequest(prefix: "")) }
        await expectError(.unavailable) { try await store.put("a", .bytes([1]), options: PutOptions()) }
        await expectError(.unavailable) { try await store.delete(["a"]) }
    }

    /// What came is not what was written: nobody gets to its end.
    @Test(arguments: Cloud.allCases) func aDamagedBody(cloud: Cloud) async throws {
        let store = try cloud.store(client: DamagingClient(try Cloud.sharedClient.get()))
        let sound = try cloud.store()
        let key = S3Server.prefix("damaged") + "a"
        let bytes = Cloud.pattern(300_000)
        try await sound.put(key, .bytes(bytes), options: PutOptions())
        await expectError(.corrupted) { _ = try await store.get(key, range: nil).body.collect(upTo: bytes.count) }
        if cloud == .azure {
            // Azure gives checksums of ranges too.
            await expectError(.corrupted) {
                _ = try await store.get(key, range: 10..<90_000).body.collect(upTo: 1 << 20)
            }
        }
        try await sound.delete([key])
    }

    /// A body that is damaged on its way to the service is not taken.
    @Test(arguments: Cloud.allCases, [5, 9 << 20]) func aDamagedUpload(cloud: Cloud, size: Int) async throws {
        let store = try cloud.store(retry: .none, client: DamagingClient(try Cloud.sharedClient.get()))
        let key = S3Server.prefix("damaged") + "a"
        await expectError(.corrupted) {
            try await store.put(
                key, .stream(ByteStream(Cloud.pattern(size)), length: nil), options: PutOptions())
        }
        #expect(try await cloud.store().stat(key) == nil)
    }

    private static func proxy(_ cloud: Cloud) throws -> FaultyProxy {
        let endpoint = try #require(URL(string: cloud.value("ENDPOINT") ?? ""))
        return try FaultyProxy(to: UInt16(try #require(endpoint.port)))
    }

    private static func store(_ cloud: Cloud, through proxy: FaultyProxy, retry: RetryPolicy) throws -> any ObjectStore
    {
        var http = HTTPConfiguration()
        http.timeouts.idle = .seconds(3)
        http.proxy = ProxyConfiguration.none
        let endpoint = cloud == .azure ? "\(proxy.server.url)/\(cloud.value("ACCOUNT") ?? "")" : proxy.server.url
        return try cloud.store(
            ["endpoint": endpoint, "part-size": "1MiB"], retry: StreamRetry(retry),
            client: try CurlClient(configuration: http))
    }

    private func live(_ store: any ObjectStore) async throws {
        let small: [UInt8] = Array("small".utf8)
        let large = Cloud.pattern((2 << 20) + 12_345)
        try await store.put("small", .bytes(small), options: PutOptions(ifAbsent: true))
        try await store.put("short", .stream(ByteStream(small), length: nil), options: PutOptions(ifAbsent: true))
        try await store.put("large", .stream(ByteStream(large), length: nil), options: PutOptions())
        try await store.put("only", .stream(ByteStream(large), length: nil), options: PutOptions(ifAbsent: true))
        #expect(try await store.stat("large")?.size == Int64(large.count))
        #expect(try await store.get("large", range: nil).body.collect(upTo: large.count) == large)
        #expect(try await store.get("only", range: nil).body.collect(upTo: large.count) == large)
        #expect(try await store.get("small", range: 1..<3).body.collect(upTo: 10) == Array(small[1..<3]))
        #expect(try await store.list(ListRequest(prefix: "s")).objects.map(\.key) == ["short", "small"])
        try await store.delete(["small", "short", "large", "only"])
        #expect(try await store.stat("small") == nil)
    }
}

/// Changes a byte of each large enough body, both ways.
struct DamagingClient: HTTPClient {
    let inner: any HTTPClient

    init(_ inner: any HTTPClient) { self.inner = inner }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var request = request
        let type = request.headers["Content-Type"] ?? ""
        // Not documents: a token's request, a list of blocks.
        if case .bytes(var bytes) = request.body, !bytes.isEmpty, !type.hasPrefix("application/x-www"),
            !type.hasPrefix("application/json"), !type.hasPrefix("application/xml")
        {
            // Behind a multipart body's content come its mark and line breaks.
            let place = type.hasPrefix("multipart") ? bytes.count - 52 : bytes.count - 1
            bytes[max(0, place)] ^= 1
            request.body = .bytes(bytes)
        }
        let response = try await inner.send(request)
        guard request.method == "GET" else { return response }
        let body = response.body
        return HTTPResponse(
            status: response.status, headers: response.headers, majorVersion: response.majorVersion,
            body: ByteStream {
                var pieces = body.makeAsyncIterator()
                guard var piece = try await pieces.next() else { return nil }
                piece[piece.count / 2] ^= 1
                return piece
            })
    }
}
