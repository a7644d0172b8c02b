/// How often, and after which waits, something that failed in a passing way is tried again.
///
/// Waits grow exponentially with full jitter: before attempt n (counted from 0) the wait is uniform between 0 and
/// `base * 2^n`, cut at `cap`.
public struct RetryPolicy: Sendable, Hashable {
    /// Tries in all, the first included.
    public var attempts: Int
    /// The upper bound of the first wait.
    public var base: Duration
    /// The upper bound of any wait.
    public var cap: Duration

    /// Five attempts, 100 ms to begin with, 20 s at most.
    public static let standard = RetryPolicy(attempts: 5, base: .milliseconds(100), cap: .seconds(20))
    /// One attempt.
    public static let none = RetryPolicy(attempts: 1, base: .zero, cap: .zero)

    /// A policy.
    public init(attempts: Int, base: Duration, cap: Duration) {
        self.attempts = attempts
        self.base = base
        self.cap = cap
    }

    /// The wait after a failed attempt, counted from 0.
    public func delay(afterAttempt attempt: Int) -> Duration {
        let bound = min(base * (1 << min(attempt, 30)), cap)
        return bound * Double.random(in: 0...1)
    }

    /// Runs an operation until it succeeds, fails for good, or the attempts are used up.
    ///
    /// - Parameters:
    ///   - retryDelay: judges an error: nil when it is final, `.zero` for the policy's own wait, or a longer wait
    ///     that the other side asked for (Retry-After).
    ///   - operation: is given the number of the attempt, from 0.
    /// - Throws: the last error of the operation, or `CancellationError`.
    public func run<Value: Sendable>(
        retryDelay: @Sendable (any Error) -> Duration?,
        operation: @Sendable (_ attempt: Int) async throws -> Value
    ) async throws -> Value {
        var attempt = 0
        while true {
            do {
                return try await operation(attempt)
            } catch {
                guard !(error is CancellationError), attempt + 1 < attempts, let asked = retryDelay(error) else {
                    throw error
                }
                try await Task.sleep(for: max(asked, delay(afterAttempt: attempt)))
                attempt += 1
            }
        }
    }
}
