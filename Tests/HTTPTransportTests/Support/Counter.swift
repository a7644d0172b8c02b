import Synchronization

/// Counts calls from any thread.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    /// The number of calls before this one.
    @discardableResult
    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).oldValue }

    var value: Int { count.load(ordering: .relaxed) }
}
