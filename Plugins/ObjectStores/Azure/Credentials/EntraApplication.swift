import CloudStorage
import Crypto
import Foundation
import GodwitModel

/// Tokens of an application of Microsoft Entra ID.
///
/// Source: "OAuth 2.0 client credentials flow on the Microsoft identity platform".
struct EntraApplication: TokenSource {
    /// How the application proves that it is itself.
    enum Proof: Sendable {
        /// A secret.
        case secret(String)
        /// A certificate, whose key signs an assertion.
        case certificate(ClientCertificate)
        /// A token that another issuer keeps in a file: workload identity. It is read anew each time.
        case federatedTokenFile(String)

        /// The variable that only who means an application sets; nil where a cluster sets it for all.
        var variable: String? {
            switch self {
            case .secret: "AZURE_CLIENT_SECRET"
            case .certificate: "AZURE_CLIENT_CERTIFICATE"
            case .federatedTokenFile: nil
            }
        }
    }

    let service: TokenService
    let tokenAddress: String
    let clientID: String
    let proof: Proof
    let scope: String

    var name: String {
        switch proof {
        case .secret: "Entra ID (client secret of \(clientID))"
        case .certificate: "Entra ID (certificate of \(clientID))"
        case .federatedTokenFile: "Entra ID (workload identity of \(clientID))"
        }
    }

    func fetch() async throws -> AccessToken {
        var form = [
            (name: "grant_type", value: "client_credentials"), ("client_id", clientID), ("scope", scope),
        ]
        switch proof {
        case .secret(let secret): form.append(("client_secret", secret))
        case .certificate(let certificate):
            form += Self.assertion(try certificate.assertion(clientID: clientID, audience: tokenAddress))
        case .federatedTokenFile(let path):
            let bytes = try await TokenService.tokenInFile(path, name: name)
            form += Self.assertion(
                String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return try AccessToken(try await service.post(form, to: tokenAddress, name: name), from: name)
    }

    private static func assertion(_ text: String) -> [(name: String, value: String)] {
        [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", text),
        ]
    }
}

/// A certificate and its key.
///
/// Source: "Microsoft identity platform application authentication certificate credentials".
struct ClientCertificate: Sendable {
    private let key: RSAKey
    private let thumbprint: String
    /// The certificates that go with each assertion, in base64, for applications that trust by name and issuer.
    private let chain: [String]

    /// Reads PEM that holds both; the application's own certificate stands before those of its issuers.
    init(pem: String, name: String, sendsChain: Bool = false) throws(CredentialsError) {
        let blocks = Self.blocks("CERTIFICATE", in: pem)
        guard let certificate = blocks.first.flatMap({ Data(base64Encoded: $0) }) else {
            throw CredentialsError("\(name) holds no certificate in PEM (PKCS #12 has to be converted: openssl pkcs12)")
        }
        chain = sendsChain ? blocks : []
        thumbprint = JSONWebToken.base64URL(SHA256.hash(data: certificate))
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY"] {
            guard let base64 = Self.blocks(label, in: pem).first else { continue }
            key = try RSAKey(
                pem: "-----BEGIN \(label)-----\n\(Self.wrapped(base64))\n-----END \(label)-----\n", name: name)
            return
        }
        throw CredentialsError("\(name) holds no private key in PEM, or an encrypted one")
    }

    /// The assertion that proves who the application is, for ten minutes.
    func assertion(clientID: String, audience: String, now: Date = Date()) throws -> String {
        let start = Int64(now.timeIntervalSince1970)
        var token = JSONWebToken(claims: [
            "aud": .string(audience), "iss": .string(clientID), "sub": .string(clientID),
            "jti": .string(UUID().uuidString.lowercased()), "nbf": .integer(start), "iat": .integer(start),
            "exp": .integer(start + 600),
        ])
        token.header["x5t#S256"] = .string(thumbprint)
        if !chain.isEmpty { token.header["x5c"] = .array(chain.map { .string($0) }) }
        return try token.signed(.ps256, with: key)
    }

    /// The base64 between the marks of each block of a kind.
    private static func blocks(_ label: String, in pem: String) -> [String] {
        var blocks: [String] = []
        var rest = pem[...]
        while let start = rest.firstRange(of: "-----BEGIN \(label)-----"),
            let end = rest[start.upperBound...].firstRange(of: "-----END \(label)-----")
        {
            blocks.append(String(rest[start.upperBound..<end.lowerBound].filter { !$0.isWhitespace }))
            rest = rest[end.upperBound...]
        }
        return blocks
    }

    private static func wrapped(_ base64: String) -> String {
        var lines: [Substring] = []
        var rest = base64[...]
        while !rest.isEmpty {
            lines.append(rest.prefix(64))
            rest = rest.dropFirst(64)
        }
        return lines.joined(separator: "\n")
    }
}
