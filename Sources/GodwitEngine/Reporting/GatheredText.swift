import Streams
import Synchronization

/// Text gathered from many tasks for one consumer, who gets it in pieces worth sending.
final class GatheredText: Sendable {
    private struct State {
        var buffer: [UInt8] = []
        var isFinished = false
        var consumer: CheckedContinuation<Void, Never>?
        var producers: [CheckedContinuation<Void, Never>] = []

        mutating func add(_ text: [UInt8]) -> CheckedContinuation<Void, Never>? {
            buffer += text
            return buffer.count >= GatheredText.pieceSize ? consumer.take() : nil
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    /// What is sent on at once, at least, before the end.
    private static let pieceSize = 64 << 10

    /// - Parameter limit: what may wait for the consumer, in bytes.
    init(limit: Int) { self.limit = limit }

    /// Adds a text, unless too much is waiting; after the end it does nothing.
    ///
    /// - Returns: false when the text was left out.
    func offer(_ text: [UInt8]) -> Bool {
        let (consumer, isTaken) = state.withLock { state -> (CheckedContinuation<Void, Never>?, Bool) in
            guard !state.isFinished else { return (nil, true) }
            guard state.buffer.count + text.count <= limit else { return (nil, false) }
            return (state.add(text), true)
        }
        consumer?.resume()
        return isTaken
    }

    /// Adds a text, and waits while too much is waiting; after the end it does nothing.
    func append(_ text: [UInt8]) async {
        let (consumer, mustWait) = state.withLock { state -> (CheckedContinuation<Void, Never>?, Bool) in
            guard !state.isFinished else { return (nil, false) }
            return (state.add(text), state.buffer.count >= limit)
        }
        consumer?.resume()
        guard mustWait else { return }
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.isFinished || state.buffer.count < limit { return true }
                state.producers.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Ends the text, and lets everybody who waits go on.
    ///
    /// - Parameter last: what stands at the end, asked for once.
    func finish(_ last: () -> [UInt8] = { [] }) {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard !state.isFinished else { return [] }
            state.isFinished = true
            state.buffer += last()
            defer { state.producers = [] }
            return state.producers + (state.consumer.take().map { [$0] } ?? [])
        }
        for continuation in waiting { continuation.resume() }
    }

    /// The text; for one consumer. When that is cancelled, the text ends.
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
