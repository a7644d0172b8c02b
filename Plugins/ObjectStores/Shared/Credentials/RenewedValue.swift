package import Foundation

/// Something that ends, such as a token: kept until shortly before its end, and then fetched anew.
package actor RenewedValue<Value: Sendable> {
    private let margin: TimeInterval
    private let end: @Sendable (Value) -> Date?
    private let fetch: @Sendable () async throws -> Value
    private let now: @Sendable () -> Date
    private var current: Value?
    private var fetching: Task<Value, any Error>?

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

    /// The value. However many ask at once, it is fetched once.
    package func value() async throws -> Value {
        if let current, !isEnding(current, within: margin) { return current }
        let task = fetching ?? Task { try await renew() }
        fetching = task
        do {
            return try await task.value
        } catch {
            // What is still good for a while is better than nothing.
            if let current, !isEnding(current, within: 10) { return current }
            throw error
        }
    }

    /// Forgets the value.
    package func invalidate() { current = nil }

    private func isEnding(_ value: Value, within margin: TimeInterval) -> Bool {
        guard let end = end(value) else { return false }
        return end.timeIntervalSince(now()) < margin
    }

    private func renew() async throws -> Value {
        defer { fetching = nil }
        let value = try await fetch()
        current = value
        return value
    }
}
