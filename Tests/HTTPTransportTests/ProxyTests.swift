import HTTPTransport
import Streams
import Testing

@testable import HTTPTransport

@Suite struct ProxyTests {
    let echo = EchoServer()

    private func client(_ proxy: String, bypass: String? = nil) throws -> CurlClient {
        try CurlClient(configuration: .testing.with { $0.proxy = .url(proxy, bypass: bypass) })
    }

    @Test func plainRequestsGoThroughAnHTTPProxy() async throws {
        let client = try client("http://user:pass@127.0.0.1:\(echo.server.port)")
        _ = try await client.text(HTTPRequest("GET", "http://some.invalid/path"))
        let seen = try #require(echo.requests.first)
        #expect(seen.line == "GET http://some.invalid/path HTTP/1.1")
        #expect(seen.lines("Proxy-Authorization") == ["Proxy-Authorization: Basic dXNlcjpwYXNz"])
    }

    @Test(arguments: ["socks5", "socks5h"]) func socks(scheme: String) async throws {
        let proxy = SOCKSServer(target: echo.server.port)
        let client = try client("\(scheme)://127.0.0.1:\(proxy.server.port)")
        let host = scheme == "socks5h" ? "some.invalid" : "127.0.0.1"
        let response = try await client.text(HTTPRequest("POST", "http://\(host):1234/", body: .bytes([65])))
        #expect(response.text == "A")
        #expect(proxy.names == [host])
    }

    @Test func socksThatRefuses() async throws {
        let proxy = SOCKSServer(target: nil)
        let client = try client("socks5h://127.0.0.1:\(proxy.server.port)")
        let error = try await transportError { _ = try await client.send(HTTPRequest("GET", "http://some.invalid/")) }
        #expect(error?.kind == .connect)
    }

    @Test(.needsNginx) func tunnel() async throws {
        let nginx = try Nginx.shared()
        let proxy = ConnectProxy()
        let client = try CurlClient(
            configuration: .trusting(nginx.certificates) {
                $0.proxy = .url("http://me:secret@127.0.0.1:\(proxy.server.port)", bypass: nil)
            })
        let response = try await client.text(
            HTTPRequest("GET", nginx.http2URL + "/small", headers: ["X-Token": "hidden"]))
        #expect(response.text == "small\n" && response.head.majorVersion == 2)
        #expect(response.head.headers["X-Proxy"] == nil)
        let seen = try #require(proxy.heads.first)
        #expect(seen.hasPrefix("CONNECT localhost:\(nginx.http2) "))
        #expect(!seen.contains("hidden"))
    }

    @Test(.needsNginx) func tunnelWithServerName() async throws {
        let nginx = try Nginx.shared()
        let proxy = ConnectProxy()
        let configuration = HTTPConfiguration.trusting(nginx.certificates) { $0.tls.serverName = "beta.test" }
        let url = nginx.namedURL + "/name"
        let through = try CurlClient(
            configuration: configuration.with {
                $0.proxy = .url("http://127.0.0.1:\(proxy.server.port)", bypass: "beta.test")
            })
        #expect(try await through.text(HTTPRequest("GET", url)).text == "beta.test 127.0.0.1:\(nginx.named) /name")
        #expect(proxy.heads.first?.hasPrefix("CONNECT 127.0.0.1:\(nginx.named) ") == true)
        let around = try CurlClient(
            configuration: configuration.with { $0.proxy = .url("http://127.0.0.1:1", bypass: "127.0.0.0/8") })
        #expect(try await around.text(HTTPRequest("GET", url)).status == 200)
    }

    @Test func refusedTunnel() async throws {
        let proxy = ScriptServer { peer, _ in
            _ = peer.receiveHead()
            peer.respond(403, "no")
        }
        let client = try client("http://127.0.0.1:\(proxy.port)")
        let error = try await transportError { _ = try await client.send(HTTPRequest("GET", "https://some.invalid/")) }
        #expect(error?.kind == .connect)
    }

    @Test func bypass() async throws {
        let client = try client("http://127.0.0.1:1", bypass: "example.org,127.0.0.1")
        #expect(try await client.text(HTTPRequest("GET", echo.url)).status == 200)
        let other = try self.client("http://127.0.0.1:1", bypass: "example.org")
        let error = try await transportError { _ = try await other.send(HTTPRequest("GET", echo.url)) }
        #expect(error?.kind == .connect)
    }

    @Test(arguments: [
        ("localhost", "localhost", true), ("a.example.org", "example.org", true), ("example.org", ".example.org", true),
        ("badexample.org", "example.org", false), ("10.1.2.3", "10.0.0.0/8", true), ("11.1.2.3", "10.0.0.0/8", false),
        ("10.0.0.1", "10.0.0.1", true), ("[fd00::1]", "fd00::/8", true), ("[fe00::1]", "fd00::/8", false),
        ("anything", "*", true), ("x", "", false), ("A.Example.ORG.", "a.example.org", true),
        ("10.0.0.1", "0.0.1", false),
        ("b", "a b c", true), ("10.0.0.1", "10.0.0.0/99", false),
    ])
    func bypassList(host: String, list: String, isBypassed: Bool) {
        #expect(NoProxy(list).contains(host) == isBypassed)
    }
}
