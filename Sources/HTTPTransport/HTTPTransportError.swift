public import GodwitModel
public import Streams

/// Why there is no response, or only part of one.
public struct HTTPTransportError: AdvisedError, RetryableError, Hashable {
    /// The classes of failure that callers treat differently.
    public enum Kind: Sendable, Hashable {
        /// The URL is not one, or its scheme is not http or https.
        case invalidURL
        /// Method, header fields or body of the request are not what they must be; nothing, or not all of it, was sent.
        case invalidRequest
        /// The host's, or the proxy's, name could not be resolved.
        case nameResolution
        /// Nobody answered, or the connection was refused.
        case connect
        /// The TLS handshake or the verification failed.
        case tls
        /// The client's certificate or key could not be used.
        case clientCertificate
        /// One of the timeouts passed.
        case timeout
        /// The connection broke, or the body ended early.
        case interrupted
        /// The other side broke the protocol.
        case protocolViolation
        /// More redirects than allowed.
        case redirects
        /// The client was shut down.
        case shutdown
        /// Anything else, with libcurl's code.
        case other(code: Int)
    }

    /// The class of failure.
    public let kind: Kind
    /// The method and the URL without its query, which may hold a signature.
    public let request: String
    /// What libcurl or the system said.
    public let reason: String?

    /// Describes a failure.
    public init(_ kind: Kind, request: String, reason: String?) {
        self.kind = kind
        self.request = request
        self.reason = reason
    }

    /// Whether the same request may succeed in a moment. Whether it may be repeated at all (did the first one take
    /// effect?) is for the caller to know.
    public var isRetryable: Bool {
        switch kind {
        case .connect, .timeout, .interrupted, .nameResolution, .protocolViolation: true
        case .invalidURL, .invalidRequest, .tls, .clientCertificate, .redirects, .shutdown, .other: false
        }
    }

    /// The failure, and of which request.
    public var summary: String {
        let what: String =
            switch kind {
            case .invalidURL: "not a usable URL"
            case .invalidRequest: "not a valid request"
            case .nameResolution: "the host name could not be resolved"
            case .connect: "no connection"
            case .tls: "no trusted TLS connection"
            case .clientCertificate: "the client certificate or key could not be used"
            case .timeout: "timed out"
            case .interrupted: "the connection broke"
            case .protocolViolation: "the answer breaks the protocol"
            case .redirects: "too many redirects"
            case .shutdown: "the client was shut down"
            case .other(let code): "failed (\(code))"
            }
        return "\(request): \(what)"
    }

    /// What to do next.
    public var advice: String? {
        switch kind {
        case .invalidURL: "correct the address"
        case .nameResolution, .connect: "check the address, the network and the proxy settings"
        case .tls: "check the certificate authority, the server name and the clock"
        case .clientCertificate: "check that certificate and key belong together and are PEM"
        case .timeout, .interrupted: "try again; raise the timeout if the network is slow"
        default: nil
        }
    }
}
