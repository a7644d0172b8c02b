package import Foundation

/// Something that ends, such as a token: kept until shortly before its end, and then fetched anew.
package actor RenewedValue<Value: Sendable> {
    private let margin: TimeInterval
    private let end: @Sendable (Value) -> Date?
    private let fetch: @Sendable () async throws -> Value
    private let now: @Sendable () -> Date
    private var current: Value?
    private var isFetching = false
    /// Who waits for the fetch that is under way.
    private var waiting: [Int: CheckedContinuation<Value, any Error>] = [:]
    private var waitersSoFar = 0

    /// - Parameters:
    ///   - margin: seconds before its end at which it is renewed.
    ///   - end: when a value ends; nil for never.
    ///   - fetch: gets a new one.
    package init(
        margin: TimeInterval = 300, end: @escaping @Sendable (Value) -> Date?,
        now: @escaping @Sendable () -> Date = { Date() }, fetch: @escaping @Sendable () async throws -> Value
    ) {
        self.margin = margin
        self.end = end
        self.now = now
        self.fetch = fetch
    }

    /// The value. However many ask at once, it is fetched once; who is cancelled waits no longer, and the others go on.
    package func value() async throws -> Value {
        if let current, !isEnding(current, within: margin) { return current }
        do {
            return try await renewed()
        } catch {
            // What is still good for a while is better than nothing.
            if !(error is CancellationError), let current, !isEnding(current, within: 10) { return current }
            throw error
        }
    }

    /// Forgets the value.
    package func invalidate() { current = nil }

    private func isEnding(_ value: Value, within margin: TimeInterval) -> Bool {
        guard let end = end(value) else { return false }
        return end.timeIntervalSince(now()) < margin
    }

    /// Waits for the fetch that is under way, or begins one.
    private func renewed() async throws -> Value {
        waitersSoFar += 1
        let waiter = waitersSoFar
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // Who was cancelled before would not be told again.
                guard !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
                waiting[waiter] = continuation
                guard !isFetching else { return }
                isFetching = true
                Task { await renew() }
            }
        } onCancel: {
            Task { await self.stopWaiting(waiter) }
        }
    }

    private func renew() async {
        let result: Result<Value, any Error>
        do {
            let value = try await fetch()
            current = value
            result = .success(value)
        } catch {
            result = .failure(error)
        }
        isFetching = false
        let all = waiting.values
        waiting = [:]
        for continuation in all { continuation.resume(with: result) }
    }

    private func stopWaiting(_ waiter: Int) {
        waiting.removeValue(forKey: waiter)?.resume(throwing: CancellationError())
    }
}
