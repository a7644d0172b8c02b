import Synchronization

/// A queue between producers and one consumer that makes a producer wait when the consumer falls behind.
///
/// What is queued is bounded by cost, not by count: an element of any size enters an empty queue, and a producer
/// waits while the queued cost is at or above the limit. So the queue never holds more than the limit plus one element
/// of each producer.
public final class BoundedChannel<Element: Sendable>: Sendable {
    private typealias Consumer = CheckedContinuation<Element?, any Error>
    private typealias Producer = CheckedContinuation<Void, any Error>

    private struct State {
        var queue = Queue<Element>()
        var cost = 0
        var end: Result<Void, any Error>?
        var isAbandoned = false
        var consumer: Consumer?
        var producers: [(id: UInt64, continuation: Producer)] = []
        var nextID: UInt64 = 0

        mutating func takeProducers() -> [Producer] {
            defer { producers = [] }
            return producers.map(\.continuation)
        }
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
        self.limit = max(1, limit)
        self.cost = cost
    }

    /// Puts an element in the queue and waits until the queue is below its limit again.
    ///
    /// An element that is in the queue stays there when the wait is cancelled.
    /// - Throws: ``ChannelAbandoned`` when the consumer has gone or the channel has ended, the error it ended with, or
    ///   `CancellationError` when the task is cancelled.
    public func send(_ element: Element) async throws {
        try Task.checkCancellation()
        let weight = cost(element)
        let (consumer, mustWait) = try state.withLock { state in
            if state.isAbandoned { throw ChannelAbandoned() }
            switch state.end {
            case .failure(let error): throw error
            case .success: throw ChannelAbandoned()
            case nil: break
            }
            if let consumer = state.consumer.take() { return (consumer as Consumer?, false) }
            state.queue.append(element)
            state.cost += weight
            return (nil, state.cost >= limit)
        }
        consumer?.resume(returning: element)
        if mustWait { try await waitForRoom() }
    }

    private func waitForRoom() async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if state.isAbandoned { return .failure(ChannelAbandoned()) }
                    if state.cost < limit { return .success(()) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.producers.append((id, continuation))
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let producer = state.withLock { state in
                state.producers.firstIndex { $0.id == id }.map { state.producers.remove(at: $0).continuation }
            }
            producer?.resume(throwing: CancellationError())
        }
    }

    /// Ends the queue: the consumer takes what is left and then sees the end, or the error. Later calls do nothing.
    public func finish(throwing error: (any Error)? = nil) {
        let consumer: Consumer? = state.withLock { state in
            guard state.end == nil else { return nil }
            state.end = error.map { .failure($0) } ?? .success(())
            return state.consumer.take()
        }
        if let error { consumer?.resume(throwing: error) } else { consumer?.resume(returning: nil) }
    }

    /// Tells the producers that nobody will take anything any more; what is queued is dropped. A consumer that is
    /// waiting all the same gets ``ChannelAbandoned``.
    public func abandon() {
        let (consumer, producers) = state.withLock { state in
            state.isAbandoned = true
            state.queue = Queue()
            state.cost = 0
            return (state.consumer.take(), state.takeProducers())
        }
        consumer?.resume(throwing: ChannelAbandoned())
        for producer in producers { producer.resume(throwing: ChannelAbandoned()) }
    }

    /// Takes the next element, or nil at the end. One task at a time may wait.
    ///
    /// - Throws: the error that ``finish(throwing:)`` was given, `CancellationError` when the task is cancelled.
    public func next() async throws -> Element? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (result, producers) = state.withLock { state in take(&state, continuation) }
                for producer in producers { producer.resume() }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let consumer = state.withLock { state in state.consumer.take() }
            consumer?.resume(throwing: CancellationError())
        }
    }

    private func take(_ state: inout State, _ continuation: Consumer) -> (Result<Element?, any Error>?, [Producer]) {
        if let element = state.queue.popFirst() {
            state.cost -= cost(element)
            return (.success(element), state.cost < limit ? state.takeProducers() : [])
        }
        switch state.end {
        case .success: return (.success(nil), [])
        case .failure(let error): return (.failure(error), [])
        case nil:
            if state.isAbandoned { return (.failure(ChannelAbandoned()), []) }
            if Task.isCancelled { return (.failure(CancellationError()), []) }
            precondition(state.consumer == nil, "two tasks wait for the next element of one channel")
            state.consumer = continuation
            return (nil, [])
        }
    }
}

/// The consumer of a channel has gone, so there is no use in producing more.
public struct ChannelAbandoned: Error, Sendable {
    /// The one value.
    public init() {}
}
