public import GodwitModel
public import Streams

/// Why a snapshotter could not do what it was asked.
public struct VolumeSnapshotError: AdvisedError, RetryableError, Hashable {
    /// The classes of failure that callers treat differently.
    public enum Kind: Sendable, Hashable {
        /// There is no such volume or snapshot.
        case notFound
        /// The credentials are valid but do not permit this.
        case accessDenied
        /// The credentials are missing, wrong or expired.
        case unauthenticated
        /// There is no room, or a quota is used up.
        case outOfSpace
        /// The storage asks for fewer requests.
        case throttled
        /// The storage failed on its side, or did not come to an end in time.
        case unavailable
        /// The connection could not be made, broke, or timed out.
        case connection
        /// The configuration, or the volume, is one with which this cannot work.
        case invalidConfiguration
        /// Anything else, with the storage's own code.
        case other(code: String)
    }

    /// The class of failure.
    public let kind: Kind
    /// What was attempted, in words that follow "cannot": `snapshot volume 'vol-1'`.
    public let operation: String
    /// The storage in words, without secrets.
    public let storage: String
    /// What the storage or the system said.
    public let reason: String?

    /// Describes a failure.
    public init(_ kind: Kind, operation: String, storage: String, reason: String? = nil) {
        self.kind = kind
        self.operation = operation
        self.storage = storage
        self.reason = reason
    }

    /// Whether the same call may succeed in a moment.
    public var isRetryable: Bool {
        switch kind {
        case .throttled, .unavailable, .connection: true
        default: false
        }
    }

    /// The failure, and on what.
    public var summary: String {
        let what: String =
            switch kind {
            case .notFound: "not found"
            case .accessDenied: "access denied"
            case .unauthenticated: "credentials missing, wrong or expired"
            case .outOfSpace: "no space left, or a quota is used up"
            case .throttled: "the storage asks for fewer requests"
            case .unavailable: "the storage failed"
            case .connection: "no connection"
            case .invalidConfiguration: "the configuration cannot work"
            case .other(let code): "the storage answered \(code)"
            }
        return "cannot \(operation) (\(storage)): \(what)"
    }

    /// What to do next.
    public var advice: String? {
        switch kind {
        case .notFound, .other: nil
        case .accessDenied: "grant the credentials this permission, or use others"
        case .unauthenticated: "check the credentials of the snapshot location; a session token may have expired"
        case .outOfSpace: "free space or raise the quota, then run the command again"
        case .throttled, .unavailable: "try again later"
        case .connection: "check the endpoint, the network, the proxy and the TLS settings of the snapshot location"
        case .invalidConfiguration: "correct the configuration of the snapshot location"
        }
    }
}
