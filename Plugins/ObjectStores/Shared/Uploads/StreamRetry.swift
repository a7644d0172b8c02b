public import Streams

/// How the requests of a streamed put are tried again. Nobody else can do that: the stream is gone.
public struct StreamRetry: Sendable, Hashable {
    /// Until the store has answered: what is wrong with its address or the way to it shows soon.
    public var first: RetryPolicy
    /// Once it has: what hours of work hang on outlives a front end that is away for some seconds.
    public var later: RetryPolicy

    /// One attempt.
    public static let none = StreamRetry(.none)

    /// The standard policy, and then eight attempts in a quarter of a minute, more or less.
    public init() {
        first = .standard
        later = RetryPolicy(attempts: 8, base: .milliseconds(200), cap: .seconds(20))
    }

    /// The same policy throughout.
    public init(_ policy: RetryPolicy) {
        first = policy
        later = policy
    }

    /// The policy of the next request.
    ///
    /// - Parameters:
    ///   - hasAnswered: whether the store has.
    ///   - isReplayable: whether the caller has the whole body, and tries the put again himself.
    package func policy(hasAnswered: Bool, isReplayable: Bool) -> RetryPolicy {
        hasAnswered && !isReplayable ? later : first
    }
}
