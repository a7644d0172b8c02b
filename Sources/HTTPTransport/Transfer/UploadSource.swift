import Streams
import Synchronization

/// The body of a request on its way to libcurl's read function.
final class UploadSource: Sendable {
    /// Bytes of a streamed body that wait for the transfer before its producer waits.
    static let bufferLimit = 512 * 1024

    private struct State {
        var pieces: [[UInt8]] = []
        /// Index of the first piece that is not used up, and how much of it is.
        var first = 0
        var offset = 0
        var buffered = 0
        var hasEnded = false
        var isClosed = false
        /// The transfer waits for bytes.
        var isPaused = false
        /// Bytes given to the transfer so far.
        var consumed: Int64 = 0
        var producer: CheckedContinuation<Void, any Error>?
    }

    /// Whether it can begin again, because all of it is at hand.
    private let isReplayable: Bool
    private let state: Mutex<State>

    /// All of a body.
    init(_ bytes: [UInt8]) {
        isReplayable = true
        state = Mutex(State(pieces: [bytes], buffered: bytes.count, hasEnded: true))
    }

    /// A body that is to come.
    init() {
        isReplayable = false
        state = Mutex(State())
    }

    // MARK: The event thread's side

    enum Reading { case bytes(Int), pause }

    /// Fills the buffer with what is there; no bytes mean the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Reading {
        let (reading, producer) = state.withLock { state in
            let count = copy(&state, into: buffer)
            if count == 0, !state.hasEnded {
                state.isPaused = true
                return (Reading.pause, nil as CheckedContinuation<Void, any Error>?)
            }
            return (.bytes(count), state.buffered < Self.bufferLimit ? state.producer.take() : nil)
        }
        producer?.resume()
        return reading
    }

    private func copy(_ state: inout State, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var filled = 0
        while filled < buffer.count, state.first < state.pieces.count {
            let count = state.pieces[state.first].withUnsafeBytes { piece in
                let rest = UnsafeRawBufferPointer(rebasing: piece[state.offset...].prefix(buffer.count - filled))
                UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyMemory(from: rest)
                return rest.count
            }
            filled += count
            state.offset += count
            guard state.offset == state.pieces[state.first].count else { break }
            advance(&state)
        }
        state.buffered -= filled
        state.consumed += Int64(filled)
        return filled
    }

    private func advance(_ state: inout State) {
        state.first += 1
        state.offset = 0
        guard !isReplayable else { return }
        state.pieces[state.first - 1] = []
        if state.first == state.pieces.count {
            state.pieces.removeAll(keepingCapacity: true)
            state.first = 0
        }
    }

    /// Goes back to the beginning, for a second try on another connection.
    func rewind() -> Bool {
        state.withLock { state in
            if state.consumed == 0 { return true }
            guard isReplayable else { return false }
            state.buffered += Int(state.consumed)
            (state.first, state.offset, state.consumed) = (0, 0, 0)
            return true
        }
    }

    // MARK: The producer's side

    /// Takes in a stream to its end; `resume` is called when the transfer waits and there is something to send again.
    func pump(
        _ stream: ByteStream, length: Int64?, label: RequestLabel, resume: @Sendable () -> Void
    ) async throws {
        var total: Int64 = 0
        for try await piece in stream {
            total += Int64(piece.count)
            if let length, total > length {
                throw label.error(.invalidRequest, "the body has more than the \(length) bytes it was declared with")
            }
            if add(piece) { resume() }
            try await waitForRoom()
        }
        if let length, total < length {
            throw label.error(.invalidRequest, "the body ended after \(total) of \(length) bytes")
        }
        let isAwaited = state.withLock { state in
            state.hasEnded = true
            return state.isPaused.exchange(false)
        }
        if isAwaited { resume() }
    }

    private func add(_ piece: [UInt8]) -> Bool {
        state.withLock { state in
            state.pieces.append(piece)
            state.buffered += piece.count
            return state.isPaused.exchange(false)
        }
    }

    private func waitForRoom() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if state.isClosed || Task.isCancelled { return .failure(CancellationError()) }
                    if state.buffered < Self.bufferLimit { return .success(()) }
                    state.producer = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            close()
        }
    }

    /// The transfer has ended: nothing more is needed.
    func close() {
        let producer = state.withLock { state in
            state.isClosed = true
            if !isReplayable { state.pieces = [] }
            state.first = 0
            state.hasEnded = true
            return state.producer.take()
        }
        producer?.resume(throwing: CancellationError())
    }
}

extension Bool {
    /// Sets a new value and returns the old one.
    fileprivate mutating func exchange(_ new: Bool) -> Bool {
        let old = self
        self = new
        return old
    }
}
