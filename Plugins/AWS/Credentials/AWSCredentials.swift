import CloudStorage
public import Foundation

/// What requests are signed with.
public struct AWSCredentials: Sendable, Hashable {
    /// The public half.
    public let accessKeyID: String
    /// The secret half.
    public let secretAccessKey: String
    /// The token of temporary credentials.
    public let sessionToken: String?
    /// When temporary credentials end.
    public let expiration: Date?

    /// Credentials.
    public init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Date? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }
}

extension AWSCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The public half only.
    public var description: String { "credentials of \(accessKeyID)" }
    /// The public half only.
    public var debugDescription: String { description }
    /// The public half only.
    public var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}

/// Gives credentials, fresh when they are about to end.
public protocol CredentialsProvider: Sendable {
    /// Credentials to sign with now.
    ///
    /// - Throws: ``CredentialsError`` when there are none, errors of the transport, `CancellationError`.
    func credentials() async throws -> AWSCredentials

    /// Says that the last credentials were refused as expired.
    func invalidate() async
}

/// Credentials that are known.
public struct StaticCredentials: CredentialsProvider {
    private let value: AWSCredentials

    /// Always these.
    public init(_ value: AWSCredentials) { self.value = value }

    /// The same as ever.
    public func credentials() async throws -> AWSCredentials { value }

    /// Nothing can be done.
    public func invalidate() async {}
}

/// A place where credentials may be.
protocol CredentialsSource: Sendable {
    /// The place, as a message names it.
    var name: String { get }

    /// The credentials; nil when nothing is set up there.
    func load() async throws -> AWSCredentials?
}
