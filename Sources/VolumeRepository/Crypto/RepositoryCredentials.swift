/// What opens an encrypted repository: a password or the content of a key file.
///
/// It shows nothing of itself when it is printed.
public struct RepositoryCredentials: Sendable, CustomStringConvertible {
    /// The environment variable that holds a password.
    public static let passwordVariable = "GODWIT_REPOSITORY_PASSWORD"

    let secret: Secret
    /// Which kind it is, without the secret.
    public let description: String

    private init(_ secret: Secret, _ description: String) {
        self.secret = secret
        self.description = description
    }

    /// A password: its UTF-8 bytes as they are.
    ///
    /// - Throws: ``RepositoryError`` when it is empty.
    public static func password(_ text: String) throws -> RepositoryCredentials {
        guard !text.isEmpty else {
            throw RepositoryError(.invalidArgument, subject: "the password", reason: "it is empty")
        }
        return RepositoryCredentials(try Secret(copying: text.utf8), "a password")
    }

    /// The content of a key file: any bytes, of which the BLAKE2b-256 hash is what a password would be.
    ///
    /// - Throws: ``RepositoryError`` when there are less than 16 bytes.
    public static func keyFile(_ content: [UInt8]) throws -> RepositoryCredentials {
        guard content.count >= 16 else {
            throw RepositoryError(
                .invalidArgument, subject: "the key file", reason: "\(content.count) bytes are too few to be a key")
        }
        try Sodium.requireReady()
        let digest = content.withUnsafeBytes { Sodium.hash($0, key: nil) }
        return RepositoryCredentials(try Secret(copying: digest.bytes), "a key file")
    }

    /// The password of an environment; nil when it has none, or an empty one.
    public static func environment(_ variables: [String: String]) throws -> RepositoryCredentials? {
        guard let text = variables[passwordVariable], !text.isEmpty else { return nil }
        return try password(text)
    }
}
