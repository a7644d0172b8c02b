import Synchronization

/// Counts things that must be freed, or bytes that must stay few.
final class LiveCounter: Sendable {
    private let count = Atomic<Int>(0)
    private let highest = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    /// The highest value since ``resetPeak()``.
    var peak: Int { highest.load(ordering: .relaxed) }

    func add(_ amount: Int) {
        let new = count.wrappingAdd(amount, ordering: .relaxed).newValue
        if amount > 0 { highest.max(new, ordering: .relaxed) }
    }

    func resetPeak() { highest.store(value, ordering: .relaxed) }
}
