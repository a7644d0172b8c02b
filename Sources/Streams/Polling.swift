/// An error that may say that the same may go well in a moment.
public protocol RetryableError: Error {
    /// Whether what failed may go well when it is done again.
    var isRetryable: Bool { get }
}

/// Asks again and again, ever more slowly, until there is an answer or time is up.
///
/// Who is waited for, for minutes or hours, may be out of reach for a moment, longer than a single call is tried again.
/// That is no answer, and what was waited for so long goes on meanwhile.
public struct Polling: Sendable {
    private let timeout: Duration
    private let firstPause: Duration
    private let longestPause: Duration
    private let outage: Duration

    /// - Parameters:
    ///   - timeout: how long to ask; it is asked once in any case.
    ///   - firstPause: between the first two questions; each one after it is twice as long.
    ///   - longestPause: what no pause is longer than.
    ///   - outage: how long every question may fail with a ``RetryableError`` that is retryable, one after the other.
    public init(
        timeout: Duration, firstPause: Duration = .milliseconds(100), longestPause: Duration = .seconds(2),
        outage: Duration = .seconds(120)
    ) {
        self.timeout = timeout
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.outage = outage
    }

    /// Waits for an answer.
    ///
    /// - Parameter ask: gives the answer; nil while there is none.
    /// - Returns: the answer; nil when there was none in time.
    /// - Throws: what asking throws, a retryable error only when it lasts or time is up; `CancellationError`.
    public func answer<Answer>(_ ask: () async throws -> Answer?) async throws -> Answer? {
        let deadline = ContinuousClock.now + timeout
        var pause = firstPause
        var outOfReachSince: ContinuousClock.Instant?
        while true {
            do {
                if let answer = try await ask() { return answer }
                outOfReachSince = nil
                if ContinuousClock.now >= deadline { return nil }
            } catch let error as any RetryableError where error.isRetryable {
                try Task.checkCancellation()
                let now = ContinuousClock.now
                let since = outOfReachSince ?? now
                outOfReachSince = since
                guard now < deadline, now - since < outage else { throw error }
            }
            try await Task.sleep(for: min(pause, max(.zero, ContinuousClock.now.duration(to: deadline))))
            pause = min(pause * 2, longestPause)
        }
    }

    /// Waits until something is so.
    ///
    /// - Parameter isReached: whether it is.
    /// - Returns: whether it came to be so in time.
    /// - Throws: as ``answer(_:)``.
    public func until(_ isReached: () async throws -> Bool) async throws -> Bool {
        try await answer { try await isReached() ? () : nil } != nil
    }
}
