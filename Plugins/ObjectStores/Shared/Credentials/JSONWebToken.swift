import Crypto
import CryptoExtras
import Foundation
package import GodwitModel

/// Signs JSON Web Tokens (RFC 7515, 7519) with an RSA key.
package struct JSONWebToken {
    /// The algorithms that services ask for (RFC 7518).
    package enum Algorithm: String, Sendable {
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        case rs256 = "RS256"
        /// RSASSA-PSS with SHA-256.
        case ps256 = "PS256"
    }

    /// Fields of the header besides `alg` and `typ`.
    package var header: [String: JSONValue] = [:]
    /// What is claimed.
    package var claims: [String: JSONValue]

    /// A token that claims this.
    package init(claims: [String: JSONValue]) { self.claims = claims }

    /// The signed token in its compact form.
    package func signed(_ algorithm: Algorithm, with key: RSAKey) throws -> String {
        var header = header
        header["alg"] = .string(algorithm.rawValue)
        header["typ"] = "JWT"
        let text = [header, claims].map { Self.base64URL(JSONValue.object($0).serialized()) }.joined(separator: ".")
        return "\(text).\(Self.base64URL(try key.signature(of: Array(text.utf8), algorithm)))"
    }

    /// Base64 for URLs, without padding (RFC 4648, section 5).
    package static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        base64(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

/// A private RSA key that never shows itself.
package struct RSAKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let key: _RSA.Signing.PrivateKey

    /// Reads a key: PKCS #1 or PKCS #8 in PEM, 2,048 bits at least.
    ///
    /// - Parameter name: where it stands, as a message names it.
    package init(pem: String, name: String) throws(CredentialsError) {
        if pem.contains("ENCRYPTED") {
            throw CredentialsError("the private key of \(name) is encrypted; decrypt it (openssl pkey)")
        }
        guard let key = try? _RSA.Signing.PrivateKey(pemRepresentation: pem) else {
            // Nothing of the text goes into the message: it is a secret.
            throw CredentialsError("\(name) holds no RSA private key in PEM of at least 2048 bits")
        }
        self.key = key
    }

    /// Nothing of the key.
    package var description: String { "(private key)" }
    /// Nothing of the key.
    package var debugDescription: String { "(private key)" }
    /// Nothing of the key.
    package var customMirror: Mirror { Mirror(self, children: [:]) }

    /// Signs bytes.
    package func signature(of bytes: [UInt8], _ algorithm: JSONWebToken.Algorithm) throws -> [UInt8] {
        let padding: _RSA.Signing.Padding = algorithm == .rs256 ? .insecurePKCS1v1_5 : .PSS
        return try key.signature(for: SHA256.hash(data: bytes), padding: padding).withUnsafeBytes { Array($0) }
    }
}
