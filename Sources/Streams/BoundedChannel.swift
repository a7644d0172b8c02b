import Synchronization

/// A queue between one producer and one consumer that makes the producer wait when the consumer falls behind.
///
/// What is queued is bounded by cost, not by count: an element of any size enters an empty queue, and a producer
/// waits while the queued cost is at or above the limit. So the queue never holds more than the limit plus one element.
public final class BoundedChannel<Element: Sendable>: Sendable {
    private struct State {
        var queue: [Element] = []
        /// Index of the first element that has not been taken; the queue is compacted when it has been emptied.
        var head = 0
        var cost = 0
        var end: Result<Void, any Error>?
        var isAbandoned = false
        var consumer: CheckedContinuation<Element?, any Error>?
        var producer: CheckedContinuation<Void, any Error>?
    }

    private let limit: Int
    private let cost: @Sendable (Element) -> Int
    private let state = Mutex(State())

    /// A channel.
    ///
    /// - Parameters:
    ///   - limit: the cost at which a producer waits.
    ///   - cost: the cost of an element, in bytes or whatever the limit counts.
    public init(limit: Int, cost: @escaping @Sendable (Element) -> Int) {
        self.limit = limit
        self.cost = cost
    }

    /// Puts an element in the queue and waits until the queue is below its limit again.
    ///
    /// - Throws: ``ChannelAbandoned`` when the consumer has gone, `CancellationError` when the task is cancelled.
    public func send(_ element: Element) async throws {
        try Task.checkCancellation()
        let weight = cost(element)
        let (consumer, mustWait) = try state.withLock { state in
            if state.isAbandoned { throw ChannelAbandoned() }
            precondition(state.end == nil, "sent after the end")
            if let consumer = state.consumer {
                state.consumer = nil
                return (consumer as CheckedContinuation<Element?, any Error>?, false)
            }
            state.queue.append(element)
            state.cost += weight
            return (nil, state.cost >= limit)
        }
        consumer?.resume(returning: element)
        if mustWait { try await waitForRoom() }
    }

    private func waitForRoom() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if state.isAbandoned { return .failure(ChannelAbandoned()) }
                    if state.cost < limit { return .success(()) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.producer = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let producer = state.withLock { state in state.producer.take() }
            producer?.resume(throwing: CancellationError())
        }
    }

    /// Ends the queue: the consumer takes what is left and then sees the end, or the error. Later calls do nothing.
    public func finish(throwing error: (any Error)? = nil) {
        let consumer: CheckedContinuation<Element?, any Error>? = state.withLock { state in
            guard state.end == nil else { return nil }
            state.end = error.map { .failure($0) } ?? .success(())
            return state.consumer.take()
        }
        if let error { consumer?.resume(throwing: error) } else { consumer?.resume(returning: nil) }
    }

    /// Tells the producer that nobody will take anything any more; what is queued is dropped.
    public func abandon() {
        let producer = state.withLock { state in
            state.isAbandoned = true
            state.queue = []
            state.head = 0
            state.cost = 0
            return state.producer.take()
        }
        producer?.resume(throwing: ChannelAbandoned())
    }

    /// Takes the next element, or nil at the end.
    ///
    /// - Throws: the error that ``finish(throwing:)`` was given, `CancellationError` when the task is cancelled.
    public func next() async throws -> Element? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (result, producer) = state.withLock { state in take(&state, continuation) }
                producer?.resume()
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let consumer = state.withLock { state in state.consumer.take() }
            consumer?.resume(throwing: CancellationError())
        }
    }

    private func take(
        _ state: inout State, _ continuation: CheckedContinuation<Element?, any Error>
    ) -> (Result<Element?, any Error>?, CheckedContinuation<Void, any Error>?) {
        if state.head < state.queue.count {
            let element = state.queue[state.head]
            state.head += 1
            state.cost -= cost(element)
            if state.head == state.queue.count {
                state.queue.removeAll(keepingCapacity: true)
                state.head = 0
            }
            let producer = state.cost < limit ? state.producer.take() : nil
            return (.success(element), producer)
        }
        switch state.end {
        case .success: return (.success(nil), nil)
        case .failure(let error): return (.failure(error), nil)
        case nil:
            if Task.isCancelled { return (.failure(CancellationError()), nil) }
            state.consumer = continuation
            return (nil, nil)
        }
    }
}

/// The consumer of a channel has gone, so there is no use in producing more.
public struct ChannelAbandoned: Error, Sendable {
    /// The one value.
    public init() {}
}
