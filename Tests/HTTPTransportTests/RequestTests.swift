import HTTPTransport
import Streams
import Testing

@Suite struct RequestTests {
    let echo = EchoServer()
    let client: CurlClient

    init() throws { client = try CurlClient(configuration: .testing) }

    @Test func getHasNoBodyAndNoFraming() async throws {
        let response = try await client.text(HTTPRequest("GET", "\(echo.url)/a/../b?x=%2F"))
        #expect(response.status == 200 && response.head.majorVersion == 1)
        let seen = try #require(echo.requests.first)
        #expect(seen.line == "GET /a/../b?x=%2F HTTP/1.1")
        #expect(seen.lines("Content-Length").isEmpty && seen.lines("Content-Type").isEmpty)
        #expect(seen.lines("User-Agent") == ["User-Agent: godwit"])
        #expect(seen.lines("Accept-Encoding").isEmpty)
    }

    @Test(arguments: ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"], [0, 1, 5000, 65536, 65537, 3_000_000])
    func bodyOfBytes(method: String, size: Int) async throws {
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let response = try await client.send(HTTPRequest(method, echo.url, body: .bytes(body)))
        #expect(try await response.body.collect(upTo: size) == body)
        let seen = try #require(echo.requests.first)
        #expect(seen.line.hasPrefix("\(method) / ") && seen.body == body)
        #expect(seen.lines("Content-Length") == ["Content-Length: \(size)"])
        #expect(seen.lines("Expect").isEmpty && seen.lines("Content-Type").isEmpty)
    }

    @Test(arguments: [0, 1, 70_000, 5_000_000], [true, false])
    func bodyOfStream(size: Int, isLengthKnown: Bool) async throws {
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 2) }
        let pieces = BoundedChannel<[UInt8]>(limit: 100_000) { $0.count }
        async let producing: Void = {
            for start in stride(from: 0, to: size, by: 33_333) {
                try await pieces.send(Array(body[start..<min(size, start + 33_333)]))
            }
            pieces.finish()
        }()
        let stream = HTTPBody.stream(ByteStream(pieces), length: isLengthKnown ? Int64(size) : nil)
        let response = try await client.send(HTTPRequest("PUT", echo.url, body: stream))
        #expect(try await response.body.collect(upTo: size) == body)
        try await producing
        let seen = try #require(echo.requests.first)
        #expect(seen.lines("Content-Length").isEmpty != isLengthKnown)
        #expect(seen.lines("Transfer-Encoding").isEmpty == isLengthKnown)
    }

    @Test func slowStreamPausesAndGoesOn() async throws {
        let parts = Counter()
        let stream = ByteStream {
            guard parts.next() < 20 else { return nil }
            try await Task.sleep(for: .milliseconds(5))
            return Array("0123456789".utf8)
        }
        let response = try await client.text(HTTPRequest("PUT", echo.url, body: .stream(stream, length: 200)))
        #expect(response.text == String(repeating: "0123456789", count: 20))
    }

    @Test func streamErrorReachesTheCaller() async throws {
        struct Broken: Error {}
        let parts = Counter()
        let stream = ByteStream {
            if parts.next() == 2 { throw Broken() }
            return [1, 2, 3]
        }
        await #expect(throws: Broken.self) {
            _ = try await client.send(HTTPRequest("PUT", echo.url, body: .stream(stream, length: 100)))
        }
    }

    @Test(arguments: [9, 11]) func streamOfAnotherLengthIsRefused(size: Int) async throws {
        let error = try await transportError {
            let stream = ByteStream([UInt8](repeating: 65, count: size))
            _ = try await client.send(HTTPRequest("PUT", echo.url, body: .stream(stream, length: 10)))
        }
        #expect(error?.kind == .invalidRequest)
    }

    @Test func largeStreamMayAskFirst() async throws {
        let body = [UInt8](repeating: 65, count: 2_000_000)
        for isAsking in [true, false] {
            let headers: HTTPHeaders = isAsking ? ["Expect": "100-continue"] : [:]
            let stream = HTTPBody.stream(ByteStream(body), length: Int64(body.count))
            let response = try await client.send(HTTPRequest("PUT", echo.url, headers: headers, body: stream))
            #expect(try await response.body.collect(upTo: body.count) == body)
            #expect(echo.requests.last?.lines("Expect").isEmpty == !isAsking)
        }
        let bytes = HTTPRequest("PUT", echo.url, headers: ["Expect": "100-continue"], body: .bytes(body))
        _ = try await client.text(bytes)
        #expect(echo.requests.last?.lines("Expect").isEmpty == true)
    }

    @Test func refusalBeforeTheBodyIsSent() async throws {
        let server = ScriptServer { peer, _ in
            _ = peer.receiveHead()
            peer.respond(403, headers: "Connection: close\r\n", "no")
        }
        let parts = Counter()
        let stream = ByteStream {
            parts.next()
            return [UInt8](repeating: 0, count: 100_000)
        }
        let request = HTTPRequest(
            "PUT", server.url, headers: ["Expect": "100-continue"], body: .stream(stream, length: 1 << 40))
        let response = try await client.text(request)
        #expect(response.status == 403 && response.text == "no")
    }

    @Test func headersArriveAsGiven() async throws {
        var headers: HTTPHeaders = [
            "X-Empty": "", "X-Two": "1", "X-Utf": "grün", "Content-Length": "999", "Transfer-Encoding": "chunked",
        ]
        headers.add("X-Two", "2")
        _ = try await client.text(HTTPRequest("POST", echo.url, headers: headers, body: .bytes([65])))
        let seen = try #require(echo.requests.first)
        #expect(seen.lines("X-Empty") == ["X-Empty:"])
        #expect(seen.lines("X-Two") == ["X-Two: 1", "X-Two: 2"])
        #expect(seen.lines("X-Utf") == ["X-Utf: grün"])
        #expect(seen.lines("Content-Length") == ["Content-Length: 1"])
        #expect(seen.lines("Transfer-Encoding").isEmpty)
    }

    @Test func nothingOfARequestStaysForTheNext() async throws {
        let requests = [
            HTTPRequest("POST", echo.url, headers: ["X-One": "1", "Content-Type": "a/b"], body: .bytes([1, 2])),
            HTTPRequest("HEAD", echo.url), HTTPRequest("PUT", echo.url, body: .stream(ByteStream([7]), length: 1)),
            HTTPRequest("DELETE", echo.url), HTTPRequest("PATCH", echo.url, body: .bytes([3])),
            HTTPRequest("GET", echo.url),
        ]
        for request in requests { _ = try await client.text(request) }
        #expect(echo.requests.map { String($0.line.prefix { $0 != " " }) } == requests.map(\.method))
        #expect(echo.requests.map(\.body) == [[1, 2], [], [7], [], [3], []])
        #expect(echo.requests.map { $0.lines("X-One").count } == [1, 0, 0, 0, 0, 0])
        #expect(echo.requests.map { $0.lines("Content-Type").count } == [1, 0, 0, 0, 0, 0])
        #expect(echo.connections == 1)
    }

    @Test(arguments: ["POST", "PUT", "PATCH"]) func bodilessWriteHasALength(method: String) async throws {
        _ = try await client.text(HTTPRequest(method, echo.url))
        #expect(echo.requests.first?.lines("Content-Length") == ["Content-Length: 0"])
    }

    @Test(arguments: [
        ("GET", "http://127.0.0.1/a b", "X", "y"), ("GET", "http://127.0.0.1/\r\nX: y", "X", "y"),
        ("GET", "file:///etc/passwd", "X", "y"), ("GET", "ftp://127.0.0.1/", "X", "y"), ("GET", "http://", "X", "y"),
        ("GET", "", "X", "y"), ("GET", "http:///path", "X", "y"), ("GET", "http://127.0.0.1:99999/", "X", "y"),
        ("GET", "http://127.0.0.1/", "X", "y\r\nInjected: 1"), ("GET", "http://127.0.0.1/", "X\r\nInjected", "y"),
        ("GET", "http://127.0.0.1/", "X", "a\nb"), ("GET", "http://127.0.0.1/", "X", "a\0b"),
        ("GET", "http://127.0.0.1/", "", "y"), ("GET", "http://127.0.0.1/", "X:", "y"),
        ("GET / HTTP/1.1\r\nX: y", "http://127.0.0.1/", "X", "y"), ("", "http://127.0.0.1/", "X", "y"),
    ])
    func unusableRequestsAreRefused(method: String, url: String, name: String, value: String) async throws {
        let error = try await transportError {
            _ = try await client.send(HTTPRequest(method, url, headers: [name: value]))
        }
        let found = try #require(error)
        #expect([.invalidURL, .invalidRequest].contains(found.kind))
        #expect(!"\(found)".utf8.contains(10) && !"\(found)".utf8.contains(13))
    }

    @Test func errorsHideQueryAndPassword() async throws {
        let port = ScriptServer.freePort()
        let error = try await transportError {
            _ = try await client.send(HTTPRequest("GET", "http://user:secret1@127.0.0.1:\(port)/p?sig=secret2#secret3"))
        }
        let found = try #require(error)
        #expect(found.kind == .connect && found.isRetryable)
        #expect(found.request == "GET http://127.0.0.1:\(port)/p")
        #expect(!"\(found)".contains("secret"))
    }

    @Test func unknownHost() async throws {
        let error = try await transportError {
            _ = try await client.send(HTTPRequest("GET", "http://nowhere.invalid/"))
        }
        #expect(error?.kind == .nameResolution)
    }
}
