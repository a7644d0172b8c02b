public import GodwitModel
public import Streams

/// Why a cluster did not do what it was asked.
public struct ClusterError: AdvisedError, RetryableError, Hashable {
    /// The classes of failure that callers treat differently.
    public enum Kind: Sendable, Hashable {
        /// There is no such object, or the resource is not served.
        case notFound
        /// The object exists already.
        case alreadyExists
        /// The object changed in between, or another manager owns a field.
        case conflict
        /// The server refused the object's content.
        case invalid
        /// The token or certificate is missing, wrong or expired.
        case unauthorized
        /// The user may not do this.
        case forbidden
        /// The resource version or page token has expired (410).
        case gone
        /// Too many requests (429).
        case throttled
        /// A quota of the namespace has not been computed for this resource yet; some seconds later it has.
        case quotaPending
        /// The namespace is being deleted.
        case namespaceTerminating
        /// The server failed (5xx).
        case unavailable
        /// A command was begun in a container, and how it ended is not known: it may have run, or run still.
        case outcomeUnknown
        /// The request is too large, or the object is.
        case tooLarge
        /// This cluster cannot do that at all, such as watching a directory.
        case unsupported
        /// The answer could not be understood.
        case malformedAnswer
        /// A manifest could not be read or written.
        case manifest
        /// Anything else, with the HTTP status.
        case other(status: Int)
    }

    /// The class of failure.
    public let kind: Kind
    /// What was attempted: `create secrets/shop/db`, `list pods`.
    public let operation: String
    /// The cluster in words.
    public let cluster: String
    /// What the server said.
    public let reason: String?
    /// How long the server asked to wait.
    public let retryAfter: Duration?

    /// Describes a failure.
    public init(
        _ kind: Kind, operation: String, cluster: String, reason: String? = nil, retryAfter: Duration? = nil
    ) {
        self.kind = kind
        self.operation = operation
        self.cluster = cluster
        self.reason = reason
        self.retryAfter = retryAfter
    }

    /// Whether the same call may succeed in a moment.
    public var isRetryable: Bool {
        switch kind {
        case .throttled, .unavailable, .quotaPending: true
        default: retryAfter != nil
        }
    }

    /// The failure, and of what.
    public var summary: String { "cannot \(operation) (\(cluster))" }

    /// What to do next.
    public var advice: String? {
        switch kind {
        case .unauthorized: "log in again or renew the token in the kubeconfig"
        case .forbidden: "grant the user this permission, or use another context with --context"
        case .namespaceTerminating:
            "wait until the namespace is gone, or restore into another with --namespace-mappings"
        case .throttled, .unavailable: "try again later"
        case .quotaPending: "try again in a minute, or look at the quota's status with 'kubectl describe quota'"
        case .outcomeUnknown: "look into the container before running the command again"
        default: nil
        }
    }
}
