import Synchronization

/// A state that tasks look at and change, and wait on until it lets them go on.
///
/// The one place in which tasks wait for each other here: ``BoundedChannel`` and ``Slots`` are states of this.
final class WaitedState<State: Sendable>: Sendable {
    private struct Waiter: Sendable {
        let id: UInt64
        /// Tries once more; gives what wakes the task when that went well, or has failed for good.
        let attempt: @Sendable (inout State) -> (@Sendable () -> Void)?
        /// Wakes the task with an error.
        let cancel: @Sendable () -> Void
    }

    private struct Guarded: Sendable {
        var state: State
        /// Whether nobody goes on before those who came earlier.
        let isQueue: Bool
        var waiting: [Waiter] = []
        var nextID: UInt64 = 0

        /// Whether one who comes now may try.
        var admits: Bool { !isQueue || waiting.isEmpty }

        /// Lets everybody try once more, the first to come first; gives what wakes those who need not wait any more.
        mutating func settle() -> [@Sendable () -> Void] {
            guard !waiting.isEmpty else { return [] }
            var wakers: [@Sendable () -> Void] = []
            var left: [Waiter] = []
            for waiter in waiting {
                if !isQueue || left.isEmpty, let waker = waiter.attempt(&state) {
                    wakers.append(waker)
                } else {
                    left.append(waiter)
                }
            }
            waiting = left
            return wakers
        }
    }

    private let guarded: Mutex<Guarded>

    /// - Parameter isQueue: whether nobody goes on before those who came earlier, also where the state would let them.
    init(_ state: State, isQueue: Bool = false) { guarded = Mutex(Guarded(state: state, isQueue: isQueue)) }

    /// How many wait at the moment.
    var waiting: Int { guarded.withLock { $0.waiting.count } }

    /// Changes the state, and wakes those whom the change lets go on.
    func change<Value: Sendable>(_ body: @Sendable (inout State) throws -> Value) rethrows -> Value {
        let (value, wakers) = try guarded.withLock { guarded in
            let value = try body(&guarded.state)
            return (value, guarded.settle())
        }
        for wake in wakers { wake() }
        return value
    }

    /// Waits until an attempt gives something.
    ///
    /// - Parameter attempt: is called now and after each change, under the lock: it takes what the task came for out of
    ///   the state and returns it, or nil to wait on, or throws to end the waiting.
    /// - Throws: what the attempt throws, or `CancellationError` when the task is cancelled before an attempt went well.
    func wait<Value: Sendable>(_ attempt: @escaping @Sendable (inout State) throws -> Value?) async throws -> Value {
        // Most need not wait. Nobody is overtaken: whom this state lets go on has gone on.
        if let value = try attemptNow(attempt) { return value }
        let id = guarded.withLock { guarded in
            guarded.nextID += 1
            return guarded.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
                let wakers = guarded.withLock { guarded -> [@Sendable () -> Void] in
                    let waiter = Waiter(id: id) { state in
                        do {
                            guard let value = try attempt(&state) else { return nil }
                            return { continuation.resume(returning: value) }
                        } catch {
                            return { continuation.resume(throwing: error) }
                        }
                    } cancel: {
                        continuation.resume(throwing: CancellationError())
                    }
                    if guarded.admits, let waker = waiter.attempt(&guarded.state) { return [waker] + guarded.settle() }
                    if Task.isCancelled { return [waiter.cancel] }
                    guarded.waiting.append(waiter)
                    return []
                }
                for wake in wakers { wake() }
            }
        } onCancel: {
            let wakers = guarded.withLock { guarded -> [@Sendable () -> Void] in
                guard let index = guarded.waiting.firstIndex(where: { $0.id == id }) else { return [] }
                // Who stood behind it may be able to go on.
                return [guarded.waiting.remove(at: index).cancel] + guarded.settle()
            }
            for wake in wakers { wake() }
        }
    }

    private func attemptNow<Value: Sendable>(_ attempt: (inout State) throws -> Value?) throws -> Value? {
        let (value, wakers) = try guarded.withLock { guarded -> (Value?, [@Sendable () -> Void]) in
            guard guarded.admits else { return (nil, []) }
            let value = try attempt(&guarded.state)
            return (value, guarded.settle())
        }
        for wake in wakers { wake() }
        return value
    }
}
