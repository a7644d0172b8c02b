import Synchronization

/// Watches over a call that is a stream: the plugin may take as long as it likes in all, but not to take the next step.
final class Watchdog: Sendable {
    /// Since when the plugin is waited for; nil while it is not its turn.
    private let waitingSince = Mutex<ContinuousClock.Instant?>(.now)
    private let limit: Duration

    init(limit: Duration) { self.limit = limit }

    /// The plugin has done something, and it is its turn again.
    func expect() { waitingSince.withLock { $0 = .now } }

    /// The plugin has done something, and now it waits for us.
    func rest() { waitingSince.withLock { $0 = nil } }

    /// Runs a call, and cancels it when the plugin takes too long for a step.
    ///
    /// - Throws: ``IdleTimeout``, and what the call throws.
    func guardCall<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask { [self] in
                while true {
                    let left = waitingSince.withLock { $0.map { limit - (ContinuousClock.now - $0) } ?? limit }
                    if left <= .zero { throw IdleTimeout(limit: limit) }
                    try await Task.sleep(for: left)
                }
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }
}

/// A plugin took too long for the next step of a stream.
struct IdleTimeout: Error {
    let limit: Duration
}
