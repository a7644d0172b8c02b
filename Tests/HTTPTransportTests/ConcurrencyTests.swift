import HTTPTransport
import Streams
import Testing

@testable import HTTPTransport

@Suite(.needsNginx) struct ConcurrencyTests {
    let nginx: Nginx

    init() throws { nginx = try Nginx.shared() }

    /// Sends so many requests, so many at once.
    private func run(_ count: Int, atOnce: Int, _ send: @escaping @Sendable (Int) async throws -> Void) async throws {
        let next = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<atOnce {
                group.addTask {
                    while true {
                        let number = next.next()
                        guard number < count else { return }
                        try await send(number)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: [true, false]) func thousandAtOnce(isHTTP2: Bool) async throws {
        let client = try CurlClient(configuration: .trusting(nginx.certificates))
        let url = isHTTP2 ? nginx.http2URL : nginx.plainURL
        try await run(1000, atOnce: 1000) { _ in
            let response = try await client.text(HTTPRequest("GET", url + "/small"))
            #expect(response.text == "small\n" && response.head.majorVersion == (isHTTP2 ? 2 : 1))
        }
        #expect(client.loop.active.value == 0)
    }

    @Test func concurrentRequestsShareOneConnection() async throws {
        // nginx allows 128 streams a connection.
        let client = try CurlClient(configuration: .trusting(nginx.certificates))
        let ports = Ports()
        try await run(2000, atOnce: 64) { _ in
            let response = try await client.text(HTTPRequest("GET", nginx.http2URL + "/port"))
            await ports.add(response.text)
        }
        #expect(await ports.seen.count == 1)
    }

    @Test func connectionsPerHostAreLimited() async throws {
        let echo = EchoServer()
        let client = try CurlClient(configuration: .testing.with { $0.maximumConnectionsPerHost = 3 })
        try await run(300, atOnce: 50) { number in
            let body = Array("\(number)".utf8)
            let response = try await client.send(HTTPRequest("POST", echo.url, body: .bytes(body)))
            #expect(try await response.body.collect(upTo: 10) == body)
        }
        #expect(echo.connections <= 3)
    }

    @Test func uploadsAndDownloadsOverHTTP2() async throws {
        let client = try CurlClient(configuration: .trusting(nginx.certificates))
        try await run(12, atOnce: 6) { number in
            let body = [UInt8](repeating: UInt8(number), count: 3_000_000) + [1, 2, 3]
            let url = "\(nginx.http2URL)/uploads/\(number)"
            let sent: HTTPBody = number % 2 == 0 ? .bytes(body) : .stream(ByteStream(body), length: Int64(body.count))
            let put = try await client.text(HTTPRequest("PUT", url, body: sent))
            #expect(put.status == 201 || put.status == 204)
            #expect(try await client.send(HTTPRequest("GET", url)).body.collect(upTo: 8 << 20) == body)
            #expect(try await client.text(HTTPRequest("DELETE", url)).status == 204)
        }
        #expect(client.loop.buffered.peak > 0 && client.loop.buffered.value == 0)
    }

    @Test func unknownLengthOverHTTP2() async throws {
        let client = try CurlClient(configuration: .trusting(nginx.certificates))
        let parts = Counter()
        let stream = ByteStream { parts.next() < 100 ? [UInt8](repeating: 9, count: 10_000) : nil }
        let url = "\(nginx.http2URL)/uploads/unknown"
        #expect(try await client.text(HTTPRequest("PUT", url, body: .stream(stream, length: nil))).status < 300)
        #expect(try await client.send(HTTPRequest("GET", url)).body.collect(upTo: 1 << 20).count == 1_000_000)
    }

    private actor Ports {
        var seen: Set<String> = []
        func add(_ port: String) { seen.insert(port) }
    }
}
