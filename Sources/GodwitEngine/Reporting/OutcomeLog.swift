import GodwitModel
import Streams
import Synchronization

/// Lines that must all be stored, gathered from many tasks and streamed to one consumer in bounded memory.
///
/// Unlike ``RunLog`` nothing is ever dropped: who adds a line waits while the store is behind.
final class OutcomeLog: Sendable {
    private struct State {
        var buffer: [UInt8] = []
        var isFinished = false
        var consumer: CheckedContinuation<Void, Never>?
        var producers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// What is sent on at once, at least, before the end.
    private static let pieceSize = 64 << 10
    /// A producer waits while this much is waiting for the store.
    private static let limit = 1 << 20

    /// Adds a line. After ``finish()`` it does nothing.
    func append(_ line: JSONValue) async {
        let text = line.serialized() + [0x0A]
        let (consumer, mustWait) = state.withLock { state in
            guard !state.isFinished else { return (nil as CheckedContinuation<Void, Never>?, false) }
            state.buffer += text
            let consumer = state.buffer.count >= Self.pieceSize ? state.consumer.take() : nil
            return (consumer, state.buffer.count >= Self.limit)
        }
        consumer?.resume()
        guard mustWait else { return }
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.isFinished || state.buffer.count < Self.limit { return true }
                state.producers.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Ends the text, and lets everybody who waits go on.
    func finish() {
        let waiting = state.withLock { state in
            state.isFinished = true
            defer { state.producers = [] }
            return state.producers + (state.consumer.take().map { [$0] } ?? [])
        }
        for continuation in waiting { continuation.resume() }
    }

    /// The text; for one consumer.
    var stream: ByteStream { ByteStream { [self] in await next() } }

    private func next() async -> [UInt8]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.isFinished || state.buffer.count >= Self.pieceSize { return true }
                    state.consumer = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            finish()
        }
        let (piece, producers) = state.withLock { state in
            defer {
                state.buffer = []
                state.producers = []
            }
            return (state.buffer, state.producers)
        }
        for producer in producers { producer.resume() }
        return piece.isEmpty ? nil : piece
    }
}
