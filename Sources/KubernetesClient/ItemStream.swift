public import GodwitModel

/// The objects of a listing, in batches as they arrive, once.
///
/// Batches are of any size but never empty. Dropping the stream ends the listing.
public struct ItemStream: AsyncSequence, Sendable {
    /// Some objects, in order.
    public typealias Element = [Item]

    private let pull: @Sendable () async throws -> [Item]?

    /// A stream of what a function gives until it gives nil.
    public init(_ pull: @escaping @Sendable () async throws -> [Item]?) { self.pull = pull }

    /// Pulls batches one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let pull: @Sendable () async throws -> [Item]?

        /// The next batch, or nil at the end.
        public mutating func next() async throws -> [Item]? {
            while let batch = try await pull() {
                if !batch.isEmpty { return batch }
            }
            return nil
        }
    }

    /// Begins, or goes on with, the one consumption.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: pull) }
}

/// What happens to the objects of a resource, as it happens, once. Dropping the stream ends the watch.
public struct WatchStream: AsyncSequence, Sendable {
    /// One event.
    public typealias Element = WatchEvent

    private let pull: @Sendable () async throws -> WatchEvent?

    /// A stream of what a function gives until it gives nil.
    public init(_ pull: @escaping @Sendable () async throws -> WatchEvent?) { self.pull = pull }

    /// Pulls events one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let pull: @Sendable () async throws -> WatchEvent?

        /// The next event, or nil when the cluster cannot be watched any more.
        public mutating func next() async throws -> WatchEvent? { try await pull() }
    }

    /// Begins, or goes on with, the one consumption.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: pull) }
}
