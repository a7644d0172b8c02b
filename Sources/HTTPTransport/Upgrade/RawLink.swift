import CLibCurl
import Foundation
import Synchronization

/// A raw connection, shared by its users and the thread that serves it.
final class RawLink: Sendable {
    /// Bytes that wait for the reader before the thread stops reading.
    static let bufferLimit = 256 * 1024

    /// Links that have a thread, for tests that look for leaks.
    static let active = LiveCounter()

    private struct Write {
        let bytes: [UInt8]
        var sent = 0
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var incoming: [UInt8] = []
        var reader: CheckedContinuation<[UInt8]?, any Error>?
        var writes: [Write] = []
        /// The other side sends no more.
        var hasEnded = false
        var failure: (any Error)?
        /// The multi handle is gone, so it must not be woken.
        var isFinished = false
    }

    let label: RequestLabel
    let timeouts: HTTPTimeouts
    private let multi: MultiHandle
    private let state = Mutex(State())

    /// Starts the thread, which connects and then serves.
    init(handle: EasyHandle, multi: MultiHandle, label: RequestLabel, timeouts: HTTPTimeouts) throws {
        self.label = label
        self.timeouts = timeouts
        self.multi = multi
        Self.active.add(1)
        let thread = Thread { [self] in
            Thread.current.name = "godwit-upgrade"
            RawThread(link: self, handle: handle, multi: multi).run()
        }
        thread.start()
    }

    // MARK: The users' side

    func read() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let ready: Result<[UInt8]?, any Error>? = state.withLock { state in
                    if !state.incoming.isEmpty {
                        if state.incoming.count >= Self.bufferLimit { wake(state) }
                        return .success(Self.take(&state.incoming))
                    }
                    if let failure = state.failure { return .failure(failure) }
                    if state.hasEnded { return .success(nil) }
                    precondition(state.reader == nil, "one reader at a time")
                    state.reader = continuation
                    // The idle timeout counts while somebody waits.
                    wake(state)
                    return nil
                }
                if let ready { continuation.resume(with: ready) }
            }
        } onCancel: {
            fail(CancellationError())
        }
    }

    func write(_ bytes: [UInt8]) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let failure: (any Error)? = state.withLock { state in
                    if let failure = state.failure { return failure }
                    state.writes.append(Write(bytes: bytes, continuation: continuation))
                    if state.writes.count == 1 { wake(state) }
                    return nil
                }
                if let failure { continuation.resume(throwing: failure) }
            }
        } onCancel: {
            fail(CancellationError())
        }
    }

    func close() { fail(label.error(.interrupted, "closed on this side")) }

    private func wake(_ state: borrowing State) {
        if !state.isFinished { multi.wake() }
    }

    private static func take(_ bytes: inout [UInt8]) -> [UInt8] {
        let taken = bytes
        bytes = []
        return taken
    }

    // MARK: The thread's side

    var hasFailed: Bool { state.withLock { $0.failure != nil } }

    struct Wants {
        var reads: Bool
        var writes: Bool
        /// Whether a reader is kept waiting, or a writer.
        var isWaitedFor: Bool
    }

    var wants: Wants {
        state.withLock { state in
            Wants(
                reads: !state.hasEnded && state.incoming.count < Self.bufferLimit, writes: !state.writes.isEmpty,
                isWaitedFor: state.reader != nil || !state.writes.isEmpty)
        }
    }

    func received(_ bytes: UnsafeRawBufferPointer) {
        let reader = state.withLock { state in
            guard let reader = state.reader.take() else {
                state.incoming.append(contentsOf: bytes)
                return nil as CheckedContinuation<[UInt8]?, any Error>?
            }
            return reader
        }
        reader?.resume(returning: Array(bytes))
    }

    func receivedEnd() {
        let reader = state.withLock { state in
            state.hasEnded = true
            return state.reader.take()
        }
        reader?.resume(returning: nil)
    }

    /// Hands the first waiting bytes to a function that says how many it took, until it takes none or all are gone.
    func send(_ body: (UnsafeRawBufferPointer) throws -> Int) rethrows {
        while let (bytes, sent) = state.withLock({ $0.writes.first.map { ($0.bytes, $0.sent) } }) {
            let count =
                sent == bytes.count
                ? 0 : try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
            if count == 0, sent < bytes.count { return }
            let done = state.withLock { state in
                guard !state.writes.isEmpty else { return nil as CheckedContinuation<Void, any Error>? }
                state.writes[0].sent += count
                return state.writes[0].sent == bytes.count ? state.writes.removeFirst().continuation : nil
            }
            done?.resume()
        }
    }

    /// Ends everything; the thread sees it and closes the connection.
    func fail(_ error: any Error) {
        let (reader, writes) = state.withLock { state in
            guard state.failure == nil else {
                return (nil as CheckedContinuation<[UInt8]?, any Error>?, [] as [Write])
            }
            state.failure = error
            wake(state)
            defer { state.writes = [] }
            return (state.reader.take(), state.writes)
        }
        reader?.resume(throwing: error)
        for write in writes { write.continuation.resume(throwing: error) }
    }

    /// The thread's last call.
    func finish() {
        state.withLock { state in
            state.isFinished = true
            multi.close()
        }
        Self.active.add(-1)
    }
}
