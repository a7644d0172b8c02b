import Glibc
import HTTPTransport
import Streams
import Testing

@Suite struct FaultTests {
    let client: CurlClient

    init() throws { client = try CurlClient(configuration: .testing) }

    private func failure(_ server: ScriptServer, timeouts: HTTPTimeouts? = nil) async throws -> HTTPTransportError? {
        try await transportError {
            _ = try await client.text(HTTPRequest("GET", server.url, timeouts: timeouts))
        }
    }

    @Test(arguments: [0, 1, 15, 40, 100, 70_000]) func resetAfterBytes(count: Int) async throws {
        let answer =
            Array("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".utf8) + [UInt8](repeating: 65, count: 100_000)
        let server = ScriptServer { peer, _ in
            _ = peer.receiveRequest()
            peer.send(Array(answer[..<count]))
            peer.resetOnClose()
        }
        let error = try await failure(server)
        #expect(error?.kind == .interrupted && error?.isRetryable == true)
    }

    @Test func bodyEndsEarly() async throws {
        let server = ScriptServer { peer, _ in
            _ = peer.receiveRequest()
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        }
        let response = try await client.send(HTTPRequest("GET", server.url))
        var iterator = response.body.makeAsyncIterator()
        #expect(try await iterator.next() == Array("half".utf8))
        let error = try await transportError { _ = try await iterator.next() }
        #expect(error?.kind == .interrupted)
    }

    @Test func chunkedBodyEndsEarly() async throws {
        let server = ScriptServer { peer, _ in
            _ = peer.receiveRequest()
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        }
        #expect(try await failure(server)?.kind == .interrupted)
    }

    @Test(arguments: ["garbage\r\n\r\n", "HTP/1.1 200 OK\r\n\r\n", "\u{16}\u{3}\u{1}", "HTTP/1.1 abc\r\n\r\n"])
    func noHTTP(answer: String) async throws {
        let server = ScriptServer { peer, _ in
            _ = peer.receiveRequest()
            peer.send(answer)
        }
        #expect(try await failure(server)?.kind == .protocolViolation)
    }

    @Test(arguments: [true, false]) func hugeHead(isOneLine: Bool) async throws {
        let server = ScriptServer { peer, _ in
            _ = peer.receiveRequest()
            peer.send("HTTP/1.1 200 OK\r\n")
            let line =
                isOneLine
                ? "X: \(String(repeating: "a", count: 1 << 20))\r\n" : "X: \(String(repeating: "a", count: 1000))\r\n"
            for _ in 0..<(isOneLine ? 1 : 1000) { peer.send(line) }
            peer.send("Content-Length: 0\r\n\r\n")
            peer.waitForEnd()
        }
        #expect(try await failure(server)?.kind == .protocolViolation)
    }

    @Test func serverThatNeverAnswers() async throws {
        let server = ScriptServer { peer, _ in peer.waitForEnd() }
        let error = try await failure(server, timeouts: HTTPTimeouts(idle: .milliseconds(150)))
        #expect(error?.kind == .timeout && error?.reason?.contains("nothing sent or received") == true)
    }

    @Test func idleTimeoutInTheBody() async throws {
        let server = ScriptServer { peer, _ in
            _ = peer.receiveRequest()
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            peer.waitForEnd()
        }
        #expect(try await failure(server, timeouts: HTTPTimeouts(idle: .milliseconds(150)))?.kind == .timeout)
    }

    /// Drips one byte each so many milliseconds, for ever or so many.
    private func dripping(_ count: Int, every pause: Int32 = 20) -> ScriptServer {
        ScriptServer { peer, _ in
            _ = peer.receiveRequest()
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n")
            for _ in 0..<count where peer.send("x") { _ = peer.waitBriefly(pause) }
        }
    }

    @Test func slowDripIsNotIdle() async throws {
        let server = dripping(20, every: 200)
        // Less than the whole, and long enough for a machine that is busy with other tests.
        let timeouts = HTTPTimeouts(idle: .seconds(3))
        #expect(try await client.text(HTTPRequest("GET", server.url, timeouts: timeouts)).text.count == 20)
    }

    @Test func totalTimeoutEndsADrip() async throws {
        let error = try await failure(dripping(2000), timeouts: HTTPTimeouts(idle: nil, total: .milliseconds(200)))
        #expect(error?.kind == .timeout && error?.reason?.contains("not done") == true)
    }

    @Test func uploadThatNobodyTakesIsIdle() async throws {
        let server = ScriptServer { peer, _ in _ = peer.waitBriefly(3000) }
        let request = HTTPRequest(
            "PUT", server.url, body: .bytes([UInt8](repeating: 0, count: 50 << 20)),
            timeouts: HTTPTimeouts(idle: .milliseconds(200)))
        let error = try await transportError { _ = try await client.send(request) }
        #expect(error?.kind == .timeout)
    }

    @Test func ownPauseIsNotIdle() async throws {
        let nothing = ByteStream {
            try await Task.sleep(for: .seconds(5))
            return nil
        }
        let echo = EchoServer()
        let timeouts = HTTPTimeouts(idle: .seconds(3))
        let request = HTTPRequest("PUT", echo.url, body: .stream(nothing, length: nil), timeouts: timeouts)
        #expect(try await client.text(request).status == 200)
    }

    @Test func connectTimeout() async throws {
        // A listener whose queue is full does not answer any more.
        let request = HTTPRequest("GET", "http://192.0.2.1/", timeouts: HTTPTimeouts(connect: .milliseconds(150)))
        let error = try await transportError { _ = try await client.send(request) }
        let found = try #require(error)
        #expect([.timeout, .connect].contains(found.kind))
    }

    @Test func refusedConnection() async throws {
        let error = try await transportError {
            _ = try await client.send(HTTPRequest("GET", "http://127.0.0.1:\(ScriptServer.freePort())/"))
        }
        #expect(error?.kind == .connect)
    }

    @Test(arguments: [HTTPBody.none, .bytes([1, 2, 3]), .bytes([UInt8](repeating: 1, count: 200_000))])
    func closedIdleConnectionIsReplaced(body: HTTPBody) async throws {
        let served = Counter()
        let server = ScriptServer { peer, _ in
            guard peer.receiveRequest() != nil else { return }
            served.next()
            peer.respond(200, "ok")
        }
        for _ in 0..<5 {
            #expect(try await client.text(HTTPRequest("PUT", server.url, body: body)).text == "ok")
        }
        #expect(served.value == 5)
    }

    @Test func connectionThatDiesOnReuseIsReplaced() async throws {
        let server = ScriptServer { peer, number in
            guard peer.receiveRequest() != nil else { return }
            peer.respond(200, "ok")
            // The next request is read and then left without an answer.
            if number == 0 { _ = peer.receiveRequest() }
        }
        #expect(try await client.text(HTTPRequest("GET", server.url)).text == "ok")
        #expect(try await client.text(HTTPRequest("GET", server.url)).text == "ok")
    }
}

extension Peer {
    /// Waits a little, or until the other side closes.
    func waitBriefly(_ milliseconds: Int32 = 20) -> Bool {
        var descriptors = pollfd(descriptor: descriptor)
        return descriptors.wait(milliseconds)
    }
}
