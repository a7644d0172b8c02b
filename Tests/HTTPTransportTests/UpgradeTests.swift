import HTTPTransport
import Streams
import Testing

@testable import HTTPTransport

@Suite struct UpgradeTests {
    /// Switches, and then sends back what it gets.
    private func switching(_ after: String = "", interim: String = "") -> ScriptServer {
        ScriptServer { peer, _ in
            guard let head = peer.receiveHead(), head.hasPrefix("GET /exec?a=b HTTP/1.1\r\n") else { return }
            guard head.contains("Upgrade: websocket\r\n"), head.contains("Connection: Upgrade\r\n") else { return }
            peer.send(
                "\(interim)HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nX: y\r\n\r\n\(after)")
            while let bytes = peer.receive(), peer.send(bytes) {}
        }
    }

    private func open(
        _ url: String, _ configuration: HTTPConfiguration = .testing, timeouts: HTTPTimeouts? = nil
    ) async throws -> (HTTPResponse, any UpgradedConnection) {
        let client = try CurlClient(configuration: configuration)
        let request = HTTPRequest("GET", url + "/exec?a=b", timeouts: timeouts)
        guard case .switched(let head, let connection) = try await client.upgrade(request, to: "websocket") else {
            throw Refused()
        }
        return (head, connection)
    }

    private struct Refused: Error {}

    @Test func bytesBothWays() async throws {
        let server = switching("first", interim: "HTTP/1.1 100 Continue\r\n\r\n")
        let (head, connection) = try await open(server.url)
        #expect(head.status == 101 && head.headers["X"] == "y")
        #expect(try await connection.read() == Array("first".utf8))
        try await connection.write(Array("ping".utf8))
        #expect(try await connection.read() == Array("ping".utf8))
        // More than all buffers together, while nobody reads at first.
        let large = [UInt8](repeating: 7, count: 20_000_000)
        let writing = Task { try await connection.write(large) }
        try await Task.sleep(for: .milliseconds(50))
        var count = 0
        while count < large.count, let more = try await connection.read() { count += more.count }
        try await writing.value
        #expect(count == large.count)
    }

    @Test func endOfTheOtherSide() async throws {
        let server = ScriptServer { peer, _ in
            _ = peer.receiveHead()
            peer.send("HTTP/1.1 101 Switching\r\n\r\nlast words")
        }
        let (_, connection) = try await open(server.url)
        #expect(try await connection.read() == Array("last words".utf8))
        #expect(try await connection.read() == nil)
        #expect(try await connection.read() == nil)
    }

    @Test(arguments: [
        "Content-Length: 4\r\n\r\nnope, and more",
        "Transfer-Encoding: chunked\r\n\r\n2\r\nno\r\n2;x=y\r\npe\r\n0\r\n\r\n",
        "\r\nnope",
    ])
    func refusal(answer: String) async throws {
        let server = ScriptServer { peer, _ in
            _ = peer.receiveHead()
            peer.send("HTTP/1.1 403 Forbidden\r\n\(answer)")
        }
        let client = try CurlClient(configuration: .testing)
        let result = try await client.upgrade(HTTPRequest("GET", server.url), to: "websocket")
        guard case .refused(let response) = result else { throw Refused() }
        #expect(response.status == 403)
        #expect(try await response.body.collect(upTo: 100) == Array("nope".utf8))
    }

    @Test(arguments: ["", "garbage\r\n\r\n", "HTTP/1.1 101 Swi"]) func noAnswer(text: String) async throws {
        let server = ScriptServer { peer, _ in
            _ = peer.receiveHead()
            peer.send(text)
        }
        let error = try await transportError { _ = try await open(server.url) }
        let found = try #require(error)
        #expect([.interrupted, .protocolViolation].contains(found.kind))
    }

    @Test func timeouts() async throws {
        let silent = ScriptServer { peer, _ in peer.waitForEnd() }
        let idle = try await transportError {
            _ = try await open(silent.url, timeouts: HTTPTimeouts(idle: .milliseconds(100)))
        }
        #expect(idle?.kind == .timeout)
        let server = switching()
        let (_, connection) = try await open(
            server.url, timeouts: HTTPTimeouts(idle: nil, total: .seconds(3)))
        let total = try await transportError { _ = try await connection.read() }
        #expect(total?.kind == .timeout)
    }

    @Test func cancellationAndClose() async throws {
        let server = switching()
        let (_, first) = try await open(server.url)
        let reading = Task { try await first.read() }
        try await Task.sleep(for: .milliseconds(20))
        reading.cancel()
        await #expect(throws: CancellationError.self) { _ = try await reading.value }
        let (_, second) = try await open(server.url)
        let waiting = Task { try await second.read() }
        try await Task.sleep(for: .milliseconds(20))
        second.close()
        await #expect(throws: HTTPTransportError.self) { _ = try await waiting.value }
        await #expect(throws: HTTPTransportError.self) { try await second.write([1]) }
        let silent = ScriptServer { peer, _ in peer.waitForEnd() }
        let opening = Task { _ = try await open(silent.url) }
        try await Task.sleep(for: .milliseconds(50))
        opening.cancel()
        await #expect(throws: CancellationError.self) { try await opening.value }
    }

    @Test func releasedConnectionIsClosed() async throws {
        let ended = Counter()
        let server = ScriptServer { peer, _ in
            _ = peer.receiveHead()
            peer.send("HTTP/1.1 101 Switching\r\n\r\n")
            peer.waitForEnd()
            ended.next()
        }
        _ = try await open(server.url)
        #expect(try await eventually { ended.value == 1 })
    }

    @Test func refusedConnection() async throws {
        let port = ScriptServer.freePort()
        let error = try await transportError { _ = try await open("http://127.0.0.1:\(port)") }
        #expect(error?.kind == .connect)
    }

    @Test func throughProxies() async throws {
        let server = switching()
        let connect = ConnectProxy()
        let socks = SOCKSServer(target: server.port)
        for proxy in ["http://127.0.0.1:\(connect.server.port)", "socks5h://127.0.0.1:\(socks.server.port)"] {
            let configuration = HTTPConfiguration.testing.with { $0.proxy = .url(proxy, bypass: nil) }
            let (_, connection) = try await open(server.url, configuration)
            try await connection.write([1, 2, 3])
            #expect(try await connection.read() == [1, 2, 3])
        }
        #expect(connect.heads.count == 1 && socks.names.count == 1)
    }

    @Test(.needsNginx) func overTLS() async throws {
        let server = switching()
        let nginx = try Nginx.shared()
        let configuration = HTTPConfiguration.trusting(nginx.certificates) { $0.tls.serverName = "alpha.test" }
        let (_, connection) = try await open(nginx.namedURL + "/upgrade/\(server.port)", configuration)
        let large = [UInt8](repeating: 7, count: 3_000_000)
        let writing = Task { try await connection.write(large) }
        var count = 0
        while count < large.count, let more = try await connection.read() { count += more.count }
        try await writing.value
        #expect(count == large.count)
    }
}
