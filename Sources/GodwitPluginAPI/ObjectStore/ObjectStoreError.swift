public import GodwitModel
public import Streams

/// Why a store could not do what it was asked.
public struct ObjectStoreError: AdvisedError, RetryableError, Hashable {
    /// The classes of failure that callers treat differently.
    public enum Kind: Sendable, Hashable {
        /// There is no such object.
        case notFound
        /// There is no such bucket or root directory.
        case bucketNotFound
        /// The object exists and was to be created only if absent.
        case alreadyExists
        /// The range starts past the end of the object.
        case invalidRange
        /// The key cannot be a key; see ``ObjectStore``.
        case invalidKey
        /// The credentials are valid but do not permit this.
        case accessDenied
        /// The credentials are missing, wrong or expired.
        case unauthenticated
        /// The clocks of this machine and the store differ too much for a signature.
        case clockSkew
        /// The object is protected against change, by object lock or a hold.
        case locked
        /// There is no room, or a quota is used up.
        case outOfSpace
        /// What arrived is not what was sent, by length or checksum.
        case corrupted
        /// The object was replaced while it was read, and the rest of the old one is gone.
        case changed
        /// The store asks for fewer requests.
        case throttled
        /// The store failed on its side.
        case unavailable
        /// The connection could not be made, broke, or timed out.
        case connection
        /// The location is configured in a way that cannot work.
        case invalidConfiguration
        /// Anything else, with the store's own code.
        case other(code: String)
    }

    /// The class of failure.
    public let kind: Kind
    /// What was attempted: `put`, `get`, `stat`, `list`, `delete`, `open`.
    public let operation: String
    /// The key or prefix; nil when the failure is not about one.
    public let key: String?
    /// The store in words, without secrets.
    public let store: String
    /// What the store or the system said.
    public let reason: String?
    /// How long the store asked to wait before another try; nil when it did not say.
    public let retryAfter: Duration?

    /// Describes a failure.
    public init(
        _ kind: Kind, operation: String, key: String? = nil, store: String, reason: String? = nil,
        retryAfter: Duration? = nil
    ) {
        self.kind = kind
        self.operation = operation
        self.key = key
        self.store = store
        self.reason = reason
        self.retryAfter = retryAfter
    }

    /// Whether the same call may succeed in a moment.
    public var isRetryable: Bool {
        switch kind {
        case .throttled, .unavailable, .connection, .clockSkew, .corrupted: true
        default: false
        }
    }

    /// The failure, and on what.
    public var summary: String {
        let target = key.map { "'\($0)' in \(store)" } ?? store
        let what: String =
            switch kind {
            case .notFound: "not found"
            case .bucketNotFound: "the bucket or directory does not exist"
            case .alreadyExists: "already exists"
            case .invalidRange: "the range starts past the end"
            case .invalidKey: "not a legal key"
            case .accessDenied: "access denied"
            case .unauthenticated: "credentials missing, wrong or expired"
            case .clockSkew: "the clocks of this machine and the store differ too much"
            case .locked: "protected against change"
            case .outOfSpace: "no space left"
            case .corrupted: "the data is damaged"
            case .changed: "it was replaced while it was read"
            case .throttled: "the store asks for fewer requests"
            case .unavailable: "the store failed"
            case .connection: "no connection"
            case .invalidConfiguration: "the location's configuration cannot work"
            case .other(let code): "the store answered \(code)"
            }
        return "cannot \(operation) \(target): \(what)"
    }

    /// What to do next.
    public var advice: String? {
        switch kind {
        case .notFound, .alreadyExists, .invalidRange, .invalidKey: nil
        case .bucketNotFound: "create the bucket or directory, or correct its name in the location"
        case .accessDenied: "grant the credentials this permission on the bucket, or use others"
        case .unauthenticated: "check the credentials of the location; a session token may have expired"
        case .clockSkew: "set this machine's clock (NTP) and try again"
        case .locked: "wait until the retention has passed, or have the hold removed"
        case .outOfSpace: "free space or raise the quota, then run the command again"
        case .corrupted: "try again; if it stays, run 'godwit backup verify' to see what is affected"
        case .changed: "try again"
        case .throttled, .unavailable: "try again later"
        case .connection: "check the endpoint, the network, the proxy and the TLS settings of the location"
        case .invalidConfiguration: "correct the location with 'godwit backup-location set'"
        case .other: nil
        }
    }
}
