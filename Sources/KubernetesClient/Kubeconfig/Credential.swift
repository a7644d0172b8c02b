public import HTTPTransport

/// What a request carries to say who asks. It prints as nothing, because it is secret.
public struct Credential: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The value of the `Authorization` field; nil for none.
    public let authorization: String?
    /// A client certificate that replaces the connection's own; nil for none.
    public let clientCertificate: TLSConfiguration.Source?
    /// The key of ``clientCertificate``.
    public let clientKey: TLSConfiguration.Source?

    /// A credential.
    public init(
        authorization: String? = nil, clientCertificate: TLSConfiguration.Source? = nil,
        clientKey: TLSConfiguration.Source? = nil
    ) {
        self.authorization = authorization
        self.clientCertificate = clientCertificate
        self.clientKey = clientKey
    }

    /// Nobody.
    public static let anonymous = Credential()

    /// A bearer token.
    public static func bearer(_ token: String) -> Credential { Credential(authorization: "Bearer \(token)") }

    /// Nothing of the content.
    public var description: String { "(credential)" }
    /// Nothing of the content.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Where credentials come from and how they are renewed.
public protocol CredentialProvider: Sendable {
    /// The credential for the next request.
    ///
    /// - Throws: ``KubeconfigError``, `CancellationError`.
    func credential() async throws -> Credential

    /// A credential to try instead of one that the server has just refused (401); nil when there is no other.
    ///
    /// - Throws: ``KubeconfigError``, `CancellationError`.
    func renew(_ refused: Credential) async throws -> Credential?
}

/// A credential that never changes.
public struct FixedCredential: CredentialProvider {
    private let value: Credential

    /// Always this one.
    public init(_ value: Credential) { self.value = value }

    /// The one.
    public func credential() -> Credential { value }

    /// There is no other.
    public func renew(_ refused: Credential) -> Credential? { nil }
}
