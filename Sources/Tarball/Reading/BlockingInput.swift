import Dispatch
import Streams
import Synchronization

/// Lets a thread of its own, never one of the cooperative pool, wait for the pieces of a stream.
///
/// It pulls a piece only when one is asked for, so the stream's producer is held back by the reader.
final class BlockingInput: Sendable {
    private struct State {
        var pull: Task<Void, Never>?
        var result: Result<[UInt8]?, any Error>?
        var arrival: DispatchSemaphore?
        var isCancelled = false
    }

    private let stream: ByteStream
    private let state = Mutex(State())

    init(_ stream: ByteStream) {
        self.stream = stream
    }

    /// The next piece, or nil at the end.
    ///
    /// - Throws: the stream's error, or `CancellationError` after ``cancel()``.
    func next() throws -> [UInt8]? {
        let arrival = DispatchSemaphore(value: 0)
        let isCancelled = state.withLock { state in
            guard !state.isCancelled else { return true }
            state.arrival = arrival
            state.pull = Task { [self] in
                var iterator = stream.makeAsyncIterator()
                do { deliver(.success(try await iterator.next())) } catch { deliver(.failure(error)) }
            }
            return false
        }
        if isCancelled { throw CancellationError() }
        arrival.wait()
        let result = state.withLock { state in
            state.pull = nil
            state.arrival = nil
            return state.isCancelled ? nil : state.result.take()
        }
        guard let result else { throw CancellationError() }
        return try result.get()
    }

    /// Makes the current wait, and all later ones, end with `CancellationError`.
    func cancel() {
        let (pull, arrival) = state.withLock { state in
            state.isCancelled = true
            return (state.pull, state.arrival)
        }
        pull?.cancel()
        arrival?.signal()
    }

    private func deliver(_ result: Result<[UInt8]?, any Error>) {
        let arrival = state.withLock { state in
            state.result = result
            return state.arrival
        }
        arrival?.signal()
    }
}
