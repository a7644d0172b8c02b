import Streams
import Synchronization

/// A request on its way and its response, shared by the caller and the event thread.
///
/// The event thread puts in the head, bytes of the body and the outcome, and wakes the caller once a round
/// (``flush()``), so a small response that arrives at once costs one switch of threads. The caller takes all bytes
/// that have come together.
final class Exchange: Sendable {
    /// Bytes that wait for the reader before the transfer is paused.
    static let bufferLimit = 512 * 1024
    /// Room that is made at once for a body that comes in large pieces: libcurl gives 16 KiB at a time.
    private static let ample = 64 * 1024
    /// What is left of a dropped body is read to keep the connection when it is no longer than this.
    static let drainLimit = 64 * 1024

    private struct State {
        var head: ResponseHead?
        var headWaiter: CheckedContinuation<ResponseHead, any Error>?
        var buffered: [UInt8] = []
        var reader: CheckedContinuation<[UInt8]?, any Error>?
        var outcome: Result<Void, any Error>?
        /// Bytes of the body that are still to come, where the head told.
        var remaining: Int?
        var isFull = false
        var isDropped = false
        var pump: Task<Void, Never>?
    }

    let label: RequestLabel
    let timeouts: HTTPTimeouts
    let upload: UploadSource?
    private let loop: TransferLoop
    private let state = Mutex(State())

    init(label: RequestLabel, timeouts: HTTPTimeouts, upload: UploadSource?, loop: TransferLoop) {
        self.label = label
        self.timeouts = timeouts
        self.upload = upload
        self.loop = loop
    }

    // MARK: The caller's side

    /// Waits for the head. Cancelling aborts the transfer.
    func waitForHead() async throws -> ResponseHead {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let ready: Result<ResponseHead, any Error>? = state.withLock { state in
                    if let head = state.head { return .success(head) }
                    if case .failure(let error) = state.outcome { return .failure(error) }
                    state.headWaiter = continuation
                    return nil
                }
                if let ready { continuation.resume(with: ready) }
            }
        } onCancel: {
            abort(CancellationError())
        }
    }

    /// The next bytes of the body, or nil at its end. Cancelling aborts the transfer.
    func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (ready, mustResume) = state.withLock { state in take(&state, continuation) }
                if mustResume { loop.add(.resumeReceiving(self)) }
                if let ready { continuation.resume(with: ready) }
            }
        } onCancel: {
            abort(CancellationError())
        }
    }

    private func take(
        _ state: inout State, _ continuation: CheckedContinuation<[UInt8]?, any Error>
    ) -> (ready: Result<[UInt8]?, any Error>?, mustResume: Bool) {
        if !state.buffered.isEmpty {
            let mustResume = state.isFull
            return (.success(takeBuffered(&state)), mustResume)
        }
        switch state.outcome {
        case .success: return (.success(nil), false)
        case .failure(let error): return (.failure(error), false)
        case nil:
            state.reader = continuation
            return (nil, false)
        }
    }

    private func takeBuffered(_ state: inout State) -> [UInt8] {
        let bytes = state.buffered
        state.buffered = []
        state.isFull = false
        loop.buffered.add(-bytes.count)
        return bytes
    }

    /// Nobody will read the rest of the body.
    func drop() {
        let isWorthDraining = state.withLock { state in
            state.isDropped = true
            discardBuffered(&state)
            guard state.outcome == nil, !state.isFull, let remaining = state.remaining else { return false }
            return remaining <= Self.drainLimit
        }
        if !isWorthDraining { abort(CancellationError()) }
    }

    /// Ends the transfer with an error; does nothing when it has ended.
    func abort(_ error: any Error) {
        guard end(.failure(error), discarding: true) else { return }
        loop.add(.abort(self))
    }

    /// Feeds a streamed body to the transfer.
    func startPump(_ stream: ByteStream, length: Int64?) {
        guard let upload else { return }
        let pump = Task { [self] in
            do {
                try await upload.pump(stream, length: length, label: label) { loop.add(.resumeSending(self)) }
            } catch {
                abort(error)
            }
        }
        let hasEnded = state.withLock { state in
            if state.outcome == nil { state.pump = pump }
            return state.outcome != nil
        }
        if hasEnded { pump.cancel() }
    }

    // MARK: The event thread's side

    func receive(_ head: ResponseHead, expecting length: Int?) {
        state.withLock { state in
            state.head = head
            state.remaining = length
            if let length { state.buffered.reserveCapacity(min(length, Self.bufferLimit)) }
        }
    }

    enum Offer { case taken, full, ended }

    /// Takes bytes of the body, all or none.
    ///
    /// - Parameter isHeld: libcurl holds these bytes in memory already, so to refuse them saves nothing.
    func offer(_ bytes: UnsafeRawBufferPointer, isHeld: Bool) -> Offer {
        state.withLock { state in
            guard state.outcome == nil else { return .ended }
            if let remaining = state.remaining { state.remaining = remaining - bytes.count }
            if state.isDropped { return .taken }
            if state.buffered.count >= Self.bufferLimit, !isHeld {
                if let remaining = state.remaining { state.remaining = remaining + bytes.count }
                state.isFull = true
                return .full
            }
            if state.buffered.isEmpty, bytes.count >= Self.ample / 8 {
                state.buffered.reserveCapacity(max(bytes.count, min(Self.ample, state.remaining ?? .max)))
            }
            state.buffered.append(contentsOf: bytes)
            loop.buffered.add(bytes.count)
            return .taken
        }
    }

    func finish(_ outcome: Result<Void, any Error>) {
        _ = end(outcome, discarding: false)
    }

    /// Wakes the caller if it waits for something that is there.
    func flush() {
        let (headWaiter, head, reader, bytes, mustResume) = state.withLock { state in
            var bytes: [UInt8]?
            var mustResume = false
            let headWaiter = state.head == nil ? nil : state.headWaiter.take()
            var reader: CheckedContinuation<[UInt8]?, any Error>?
            if state.reader != nil, !state.buffered.isEmpty {
                reader = state.reader.take()
                mustResume = state.isFull
                bytes = takeBuffered(&state)
            }
            return (headWaiter, state.head, reader, bytes, mustResume)
        }
        if mustResume { loop.add(.resumeReceiving(self)) }
        if let headWaiter, let head { headWaiter.resume(returning: head) }
        reader?.resume(returning: bytes)
    }

    // MARK: The end

    /// Records the first outcome and tells everyone who waits.
    private func end(_ outcome: Result<Void, any Error>, discarding: Bool) -> Bool {
        if !discarding { flush() }
        let (isFirst, headWaiter, reader, pump) = state.withLock { state in
            guard state.outcome == nil else {
                return (
                    false, nil as CheckedContinuation<ResponseHead, any Error>?,
                    nil as CheckedContinuation<[UInt8]?, any Error>?, nil as Task<Void, Never>?
                )
            }
            state.outcome = outcome
            if discarding { discardBuffered(&state) }
            return (true, state.headWaiter.take(), state.reader.take(), state.pump.take())
        }
        guard isFirst else { return false }
        upload?.close()
        pump?.cancel()
        switch outcome {
        case .success:
            // Without a head there is no success: the event thread sees to that.
            headWaiter?.resume(throwing: CancellationError())
            reader?.resume(returning: nil)
        case .failure(let error):
            headWaiter?.resume(throwing: error)
            reader?.resume(throwing: error)
        }
        return true
    }

    private func discardBuffered(_ state: inout State) {
        loop.buffered.add(-state.buffered.count)
        state.buffered = []
    }
}

/// Gives up the transfer when the last copy of the body is gone.
final class ResponseBody: Sendable {
    private let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    deinit { exchange.drop() }

    func next() async throws -> [UInt8]? { try await exchange.next() }
}
