import CloudStorage
import Foundation
import GodwitModel

/// What signs URLs for a service account.
enum GoogleSigner: Sendable {
    /// A key at hand.
    case key(RSAKey, email: String)
    /// IAM, for an account that may sign by itself or lets others. nil asks the metadata server who it is.
    case remote(any TokenSource, account: String?)

    /// The service account's address.
    func email() async throws -> String {
        switch self {
        case .key(_, let email): return email
        case .remote(_, let account?): return account
        case .remote(let source, nil):
            guard let metadata = source as? MetadataServer else {
                throw CredentialsError("no service account is known that could sign; set service-account")
            }
            return try await metadata.email()
        }
    }

    /// Signs bytes.
    ///
    /// - Parameters:
    ///   - token: of who asks IAM.
    ///   - address: where IAM is.
    func sign(
        _ bytes: [UInt8], email: String, token: AccessToken?, service: TokenService, address: String
    ) async throws -> [UInt8] {
        switch self {
        case .key(let key, _): return try key.signature(of: bytes, .rs256)
        case .remote:
            let name = "IAM (signBlob)"
            guard let token else { throw CredentialsError("\(name) needs a token") }
            let document = try await service.post(
                json: ["payload": .string(base64(bytes))],
                to: "\(address)/v1/projects/-/serviceAccounts/\(PercentEncoding.encode(email)):signBlob",
                token: token, name: name)
            guard let signed = document["signedBlob"]?.string.flatMap({ Data(base64Encoded: $0) }) else {
                throw CredentialsError("\(name) gave no signature")
            }
            return Array(signed)
        }
    }
}
