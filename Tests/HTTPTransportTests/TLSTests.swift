import HTTPTransport
import Streams
import Testing

@Suite(.needsNginx) struct TLSTests {
    let nginx: Nginx

    init() throws { nginx = try Nginx.shared() }

    private func get(_ url: String, _ configuration: HTTPConfiguration) async throws -> (Int, String, Int) {
        let client = try CurlClient(configuration: configuration)
        let response = try await client.text(HTTPRequest("GET", url))
        return (response.status, response.text, response.head.majorVersion)
    }

    private func failure(_ url: String, _ configuration: HTTPConfiguration) async throws -> HTTPTransportError.Kind? {
        try await transportError { _ = try await get(url, configuration) }?.kind
    }

    @Test func authorityFromFileAndData() async throws {
        let data = try nginx.certificates.pem("ca.pem")
        for source in [TLSConfiguration.Source.file(nginx.certificates.path("ca.pem")), .data(data)] {
            let configuration = HTTPConfiguration.testing.with { $0.tls.certificateAuthority = source }
            #expect(try await get(nginx.http2URL + "/small", configuration) == (200, "small\n", 2))
        }
    }

    @Test func otherAuthoritiesAreNotTrusted() async throws {
        let other = try nginx.certificates.pem("other-ca.pem")
        #expect(try await failure(nginx.http2URL, .testing) == .tls)
        for source in [TLSConfiguration.Source.file(nginx.certificates.path("other-ca.pem")), .data(other)] {
            let configuration = HTTPConfiguration.testing.with { $0.tls.certificateAuthority = source }
            #expect(try await failure(nginx.http2URL, configuration) == .tls)
        }
    }

    @Test func badAuthority() async throws {
        for source in [TLSConfiguration.Source.file("/nonexistent"), .data(Array("junk".utf8)), .data([])] {
            let configuration = HTTPConfiguration.testing.with { $0.tls.certificateAuthority = source }
            #expect(try await failure(nginx.http2URL, configuration) == .tls)
        }
    }

    @Test func insecure() async throws {
        let configuration = HTTPConfiguration.testing.with { $0.tls.isInsecure = true }
        #expect(try await get(nginx.http2URL + "/small", configuration).0 == 200)
    }

    @Test func http2CanBeSwitchedOff() async throws {
        let configuration = HTTPConfiguration.trusting(nginx.certificates) { $0.allowsHTTP2 = false }
        #expect(try await get(nginx.http2URL + "/small", configuration).2 == 1)
        #expect(try await get(nginx.http1URL + "/small", .trusting(nginx.certificates)).2 == 1)
    }

    @Test func wrongName() async throws {
        // Without a name nginx shows the first server's certificate, alpha's.
        #expect(try await failure(nginx.namedURL, .trusting(nginx.certificates)) == .tls)
    }

    @Test(arguments: ["alpha.test", "beta.test"]) func serverName(name: String) async throws {
        let configuration = HTTPConfiguration.trusting(nginx.certificates) { $0.tls.serverName = name }
        let (status, text, _) = try await get(nginx.namedURL + "/name?a=%2F", configuration)
        #expect(status == 200)
        #expect(text.hasSuffix("/name?a=%2F"))
        #expect(text == "\(name) 127.0.0.1:\(nginx.named) /name?a=%2F")
    }

    @Test func clientCertificateFromFileAndData() async throws {
        let certificates = nginx.certificates
        let files = HTTPConfiguration.trusting(certificates) {
            $0.tls.clientCertificate = .file(certificates.path("client.pem"))
            $0.tls.clientKey = .file(certificates.path("client.key"))
        }
        let data = try HTTPConfiguration.trusting(certificates) {
            $0.tls.certificateAuthority = .data([])
        }.with { configuration in
            configuration.tls.certificateAuthority = .data(try certificates.pem("ca.pem"))
            configuration.tls.clientCertificate = .data(try certificates.pem("client.pem"))
            configuration.tls.clientKey = .data(try certificates.pem("client.key"))
        }
        for configuration in [files, data] {
            let (status, text, version) = try await get(nginx.mutualURL + "/client", configuration)
            #expect(status == 200 && text == "CN=client" && version == 2)
        }
    }

    @Test func missingOrWrongClientCertificate() async throws {
        let certificates = nginx.certificates
        // nginx ends the handshake and says so in HTTP.
        #expect(try await get(nginx.mutualURL + "/client", .trusting(certificates)).0 == 400)
        let stranger = HTTPConfiguration.trusting(certificates) {
            $0.tls.clientCertificate = .file(certificates.path("stranger.pem"))
            $0.tls.clientKey = .file(certificates.path("stranger.key"))
        }
        #expect(try await get(nginx.mutualURL + "/client", stranger).0 == 400)
        let mixed = stranger.with { $0.tls.clientKey = .file(certificates.path("client.key")) }
        #expect(try await failure(nginx.mutualURL, mixed) == .clientCertificate)
        let absent = stranger.with { $0.tls.clientKey = .file("/nonexistent") }
        #expect(try await failure(nginx.mutualURL, absent) == .clientCertificate)
        let junk = stranger.with { $0.tls.clientCertificate = .data(Array("junk".utf8)) }
        #expect(try await failure(nginx.mutualURL, junk) == .clientCertificate)
    }

    @Test func resetInTheHandshakeMayBeTriedAgain() async throws {
        let server = ScriptServer { peer, _ in
            _ = peer.receive()
            peer.resetOnClose()
        }
        let error = try await transportError { _ = try await get("https://127.0.0.1:\(server.port)/", .testing) }
        #expect(error?.kind == .interrupted)
    }

    @Test func serverThatSpeaksNoTLS() async throws {
        #expect(try await failure("https://127.0.0.1:\(nginx.plain)/", .testing) == .tls)
    }
}
