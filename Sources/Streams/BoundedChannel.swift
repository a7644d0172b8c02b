/// A queue between producers and one consumer that makes a producer wait when the consumer falls behind.
///
/// What is queued is bounded by cost, not by count: an element of any size enters an empty queue, and a producer
/// waits while the queued cost is at or above the limit. So the queue never holds more than the limit plus one element
/// of each producer.
public final class BoundedChannel<Element: Sendable>: Sendable {
    private struct State: Sendable {
        var queue = Queue<Element>()
        var cost = 0
        var end: Result<Void, any Error>?
        var isAbandoned = false
    }

    private let limit: Int
    private let cost: @Sendable (Element) -> Int
    private let state = WaitedState(State())

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
        try state.change { state in
            if state.isAbandoned { throw ChannelAbandoned() }
            switch state.end {
            case .failure(let error): throw error
            case .success: throw ChannelAbandoned()
            case nil: break
            }
            state.queue.append(element)
            state.cost += weight
        }
        // A consumer that waited has it already.
        try await state.wait { [limit] state -> Void? in
            if state.isAbandoned { throw ChannelAbandoned() }
            return state.cost < limit ? () : nil
        }
    }

    /// Ends the queue: the consumer takes what is left and then sees the end, or the error. Later calls do nothing.
    public func finish(throwing error: (any Error)? = nil) {
        state.change { state in
            if state.end == nil { state.end = error.map { .failure($0) } ?? .success(()) }
        }
    }

    /// Tells the producers that nobody will take anything any more; what is queued is dropped. A consumer that is
    /// waiting all the same gets ``ChannelAbandoned``.
    public func abandon() {
        state.change { state in
            state.isAbandoned = true
            state.queue = Queue()
            state.cost = 0
        }
    }

    /// Takes the next element, or nil at the end.
    ///
    /// - Throws: the error that ``finish(throwing:)`` was given, `CancellationError` when the task is cancelled.
    public func next() async throws -> Element? {
        try await state.wait { [cost] state -> Element?? in
            if let element = state.queue.popFirst() {
                state.cost -= cost(element)
                return element
            }
            switch state.end {
            case .success: return .some(nil)
            case .failure(let error): throw error
            case nil:
                if state.isAbandoned { throw ChannelAbandoned() }
                return nil
            }
        }
    }
}

/// The consumer of a channel has gone, so there is no use in producing more.
public struct ChannelAbandoned: Error, Sendable {
    /// The one value.
    public init() {}
}
