/// Why there are no credentials. It never holds a secret.
public struct CredentialsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Which place failed, and how.
    public let reason: String

    /// Describes a failure.
    public init(_ reason: String) { self.reason = reason }

    /// The reason.
    public var description: String { reason }
}
