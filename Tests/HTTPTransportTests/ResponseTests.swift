import HTTPTransport
import Streams
import Testing

@Suite struct ResponseTests {
    let client: CurlClient

    init() throws { client = try CurlClient(configuration: .testing) }

    /// A server that answers each request with these bytes and closes.
    private func serving(_ answer: String) -> ScriptServer {
        ScriptServer { peer, _ in
            _ = peer.receiveRequest()
            peer.send(answer)
        }
    }

    @Test func fieldsKeepOrderAndRepetition() async throws {
        let server = serving(
            "HTTP/1.1 207 Multi\r\nB: 1\r\nA:  2 \t\r\nb: 3\r\nEmpty:\r\nFolded: one\r\n  two\r\nContent-Length: 0\r\n\r\n"
        )
        let head = try await client.text(HTTPRequest("GET", server.url)).head
        #expect(head.status == 207)
        #expect(head.headers.fields.map(\.name) == ["B", "A", "b", "Empty", "Folded", "Content-Length"])
        #expect(head.headers.values("b") == ["1", "3"])
        #expect(head.headers["a"] == "2" && head.headers["Empty"] == "" && head.headers["folded"] == "one two")
    }

    @Test func interimHeadsArePassedOver() async throws {
        let server = serving(
            "HTTP/1.1 100 Continue\r\nX: no\r\n\r\nHTTP/1.1 103 Early\r\nLink: no\r\n\r\n"
                + "HTTP/1.1 201 Yes\r\nY: yes\r\nContent-Length: 2\r\n\r\nok")
        let response = try await client.text(HTTPRequest("GET", server.url))
        #expect(response.status == 201 && response.text == "ok")
        #expect(response.head.headers.fields.map(\.name) == ["Y", "Content-Length"])
    }

    @Test func trailersArePassedOver() async throws {
        let server = serving(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n")
        let response = try await client.text(HTTPRequest("GET", server.url))
        #expect(response.text == "abcde" && response.head.headers["X-Sum"] == nil)
    }

    @Test func http10EndsWithTheConnection() async throws {
        let server = serving("HTTP/1.0 200 OK\r\n\r\nall of it")
        let response = try await client.text(HTTPRequest("GET", server.url))
        #expect(response.text == "all of it" && response.head.majorVersion == 1)
    }

    @Test(arguments: [("HEAD", 200), ("GET", 204), ("GET", 304)])
    func answersWithoutBody(method: String, status: Int) async throws {
        let server = ScriptServer { peer, _ in
            while peer.receiveRequest() != nil {
                peer.send("HTTP/1.1 \(status) X\r\n\(status == 204 ? "" : "Content-Length: 1000\r\n")\r\n")
            }
        }
        for _ in 0..<2 {
            let response = try await client.text(HTTPRequest(method, server.url))
            #expect(response.status == status && response.text.isEmpty)
        }
    }

    @Test func bodyIsNotDecoded() async throws {
        let server = serving("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\u{1F}abc")
        let request = HTTPRequest("GET", server.url, headers: ["Accept-Encoding": "gzip"])
        #expect(try await client.text(request).text == "\u{1F}abc")
    }

    @Test func errorStatusesAreResponses() async throws {
        let server = ScriptServer { peer, number in
            while peer.receiveRequest() != nil {
                peer.respond(
                    number == 0 ? 503 : 200, headers: number == 0 ? "Retry-After: 1\r\nConnection: close\r\n" : "", "x")
                if number == 0 { return }
            }
        }
        #expect(try await client.text(HTTPRequest("GET", server.url)).status == 503)
        #expect(try await client.text(HTTPRequest("GET", server.url)).status == 200)
    }

    @Test func smallPiecesComeAtOnceAndOthersTogether() async throws {
        let server = ScriptServer { peer, _ in
            _ = peer.receiveRequest()
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            // A watch: each event must arrive though the body goes on.
            for word in ["one", "two"] {
                peer.send("3\r\n\(word)\r\n")
                _ = peer.receive(1)
            }
            peer.send("0\r\n\r\n")
        }
        _ = server
        var iterator = try await client.send(HTTPRequest("GET", server.url)).body.makeAsyncIterator()
        #expect(try await iterator.next() == Array("one".utf8))
        await #expect(throws: CancellationError.self) {
            let client = client
            let url = server.url
            let task = Task {
                let body = try await client.send(HTTPRequest("GET", url)).body
                var iterator = body.makeAsyncIterator()
                _ = try await iterator.next()
                _ = try await iterator.next()
            }
            try await Task.sleep(for: .milliseconds(100))
            task.cancel()
            try await task.value
        }
    }
}
