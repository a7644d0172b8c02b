import HTTPTransport
import Streams
import Testing

@Suite struct RedirectTests {
    /// Sends `/n` to `/n-1`, and `/0` is the end; `/away?url` leads to another host.
    let server = ScriptServer { peer, _ in
        while let request = peer.receiveRequest() {
            let path = request.line.split(separator: " ")[1]
            if path.hasPrefix("/away?") {
                peer.respond(302, headers: "Location: \(path.dropFirst(6))\r\n", "gone")
            } else if let left = Int(path.dropFirst()), left > 0 {
                peer.respond(307, headers: "Location: \(left - 1)\r\n", "gone")
            } else {
                peer.respond(200, "end")
            }
        }
    }

    private func client(_ maximum: Int) throws -> CurlClient {
        try CurlClient(configuration: .testing.with { $0.maximumRedirects = maximum })
    }

    @Test func notFollowedByDefault() async throws {
        let response = try await client(0).text(HTTPRequest("GET", server.url + "/3"))
        #expect(response.status == 307 && response.text == "gone" && response.head.headers["Location"] == "2")
    }

    @Test func followedForReadsOnly() async throws {
        #expect(try await client(3).text(HTTPRequest("GET", server.url + "/3")).text == "end")
        #expect(try await client(3).text(HTTPRequest("HEAD", server.url + "/0")).status == 200)
        #expect(try await client(3).text(HTTPRequest("POST", server.url + "/3", body: .bytes([1]))).status == 307)
    }

    @Test func tooMany() async throws {
        let client = try client(2)
        let error = try await transportError { _ = try await client.send(HTTPRequest("GET", server.url + "/3")) }
        #expect(error?.kind == .redirects)
    }

    @Test func credentialsStayWithTheirHost() async throws {
        let other = EchoServer()
        let headers: HTTPHeaders = [
            "Authorization": "Bearer secret", "X-Amz-Security-Token": "secret", "Accept": "a/b",
        ]
        let request = HTTPRequest("GET", "\(server.url)/away?\(other.url)/x", headers: headers)
        #expect(try await client(1).text(request).status == 200)
        let seen = try #require(other.requests.first)
        #expect(!seen.head.contains("secret") && seen.lines("Accept") == ["Accept: a/b"])
    }

    @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/"])
    func otherSchemesAreRefused(target: String) async throws {
        let client = try client(3)
        let error = try await transportError {
            _ = try await client.send(HTTPRequest("GET", "\(server.url)/away?\(target)"))
        }
        #expect(error?.kind == .protocolViolation)
    }
}
