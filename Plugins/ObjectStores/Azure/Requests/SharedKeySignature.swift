import CloudStorage
import Crypto
import HTTPTransport

/// Signs requests with an account's key.
///
/// Source: "Authorize with Shared Key" in the Azure Storage REST API reference, for version 2015-02-21 and later.
struct SharedKeySignature: Sendable {
    let account: String
    let key: AzureAccountKey

    /// The value for `Authorization`.
    ///
    /// - Parameters:
    ///   - path: the encoded path, as it goes on the wire.
    ///   - query: names and values, not encoded.
    func authorization(
        method: String, path: String, query: [(name: String, value: String)], headers: HTTPHeaders, length: Int
    ) -> String {
        let standard = [
            headers["Content-Encoding"], headers["Content-Language"], length > 0 ? String(length) : nil,
            headers["Content-MD5"], headers["Content-Type"], headers["Date"], headers["If-Modified-Since"],
            headers["If-Match"], headers["If-None-Match"], headers["If-Unmodified-Since"], headers["Range"],
        ].map { $0 ?? "" }
        let extensions = headers.fields.filter { $0.name.lowercased().hasPrefix("x-ms-") }
            .map { (name: $0.name.lowercased(), value: $0.value) }.sorted { $0.name < $1.name }
            .map { "\($0.name):\($0.value)\n" }.joined()
        let parameters = query.map { (name: $0.name.lowercased(), value: $0.value) }.sorted { $0.name < $1.name }
            .map { "\n\($0.name):\($0.value)" }.joined()
        let text =
            ([method] + standard).joined(separator: "\n") + "\n" + extensions + "/\(account)\(path)\(parameters)"
        return "SharedKey \(account):\(Self.sign(text, key))"
    }

    /// HMAC-SHA256 in base64.
    static func sign(_ text: String, _ key: AzureAccountKey) -> String {
        base64(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key.bytes)))
    }
}
