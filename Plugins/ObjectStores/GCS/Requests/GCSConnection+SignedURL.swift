import CloudStorage
import Foundation
import GodwitPluginAPI

extension GCSConnection {
    /// A URL with which anybody can read an object for a while; nil when nobody could sign.
    ///
    /// Source: "V4 signing process with your own program", Cloud Storage.
    func signedURL(for key: String, seconds: Int, now: Date = Date()) async throws -> String? {
        guard let signer = credentials.signer else { return nil }
        let request = StoreRequest("GET", "sign", key: key)
        do {
            let email = try await signer.email()
            let address = configuration.publicEndpoint ?? configuration.address
            let time = ServiceDate.basic(now)
            let scope = "\(time.prefix(8))/auto/storage/goog4_request"
            let path =
                "\(address.basePath)/\(PercentEncoding.encode(configuration.bucket))/\(PercentEncoding.encodePath(key))"
            var query: [(name: String, value: String)] = [
                ("X-Goog-Algorithm", "GOOG4-RSA-SHA256"), ("X-Goog-Credential", "\(email)/\(scope)"),
                ("X-Goog-Date", time), ("X-Goog-Expires", String(seconds)), ("X-Goog-SignedHeaders", "host"),
            ]
            if let project = configuration.userProject { query.append(("userProject", project)) }
            let canonical = query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
                .sorted().joined(separator: "&")
            let subject = ["GET", path, canonical, "host:\(address.authority)\n", "host", "UNSIGNED-PAYLOAD"]
                .joined(separator: "\n")
            let text = ["GOOG4-RSA-SHA256", time, scope, SHA256Hash.hex(Array(subject.utf8))]
                .joined(separator: "\n")
            let signature = try await signer.sign(
                Array(text.utf8), email: email, token: try await currentToken(), service: service, address: iamAddress)
            return "\(address.scheme)://\(address.authority)\(path)?\(canonical)"
                + "&X-Goog-Signature=\(lowercaseHex(signature))"
        } catch {
            throw request.translate(error, store: description)
        }
    }
}
