import Synchronization

/// Counts from 1.
final class CallCounter: Sendable {
    private let value = Atomic(0)

    @discardableResult
    func next() -> Int { value.add(1, ordering: .relaxed).newValue }

    var count: Int { value.load(ordering: .relaxed) }
}
