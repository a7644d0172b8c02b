import GodwitPluginAPI
import Streams
import Synchronization

/// The body of a put in pieces of a size that fits into messages. It remembers its own failure, and counts.
final class PutSource: Sendable {
    private struct State {
        var pull: Task<[UInt8]?, any Error>?
        var isAborted = false
        var pending: [UInt8] = []
        var offset = 0
        var size: Int64 = 0
        var failure: (any Error)?
    }

    private let state = Mutex(State())
    private let stream: ByteStream
    private let promised: Int64?
    private let pieceSize: Int

    init(_ body: ObjectBody, pieceSize: Int) {
        self.pieceSize = pieceSize
        switch body {
        case .bytes(let bytes):
            promised = Int64(bytes.count)
            stream = ByteStream(bytes)
        case .stream(let body, let length):
            promised = length
            stream = body
        }
    }

    /// What the body itself threw, or that it was not as long as was said.
    func failure(of key: String, in store: String) -> (any Error)? {
        let failure = state.withLock { $0.failure }
        guard let broken = failure as? PromiseBroken else { return failure }
        return ObjectStoreError(
            .corrupted, operation: "put", key: key, store: store,
            reason: "the body has \(broken.sent) bytes and was announced with \(broken.promised)")
    }

    /// What it gave so far, in bytes.
    var size: Int64 { state.withLock { $0.size } }

    /// The next piece; nil at the end. For one caller at a time.
    func next() async throws -> [UInt8]? {
        if let piece = takePending() { return piece }
        do {
            guard let piece = try await pull() else {
                guard promised == nil || promised == size else {
                    throw PromiseBroken(promised: promised ?? 0, sent: size)
                }
                return nil
            }
            state.withLock { state in
                state.pending = piece
                state.offset = 0
            }
            return takePending()
        } catch {
            // Also a call that has failed cancels what waits here; that is no failure of the body.
            if !(error is CancellationError) { state.withLock { $0.failure = error } }
            throw error
        }
    }

    /// Makes the next piece, or the one that is waited for, an error: the put was cancelled.
    func abort() {
        let pull = state.withLock { state in
            state.isAborted = true
            return state.pull
        }
        pull?.cancel()
    }

    /// Reads on, in a task that can be cancelled by itself.
    private func pull() async throws -> [UInt8]? {
        let stream = stream
        let task = try state.withLock { state in
            if state.isAborted { throw CancellationError() }
            let task = Task {
                var iterator = stream.makeAsyncIterator()
                return try await iterator.next()
            }
            state.pull = task
            return task
        }
        let piece = try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
        if state.withLock({ $0.isAborted }) { throw CancellationError() }
        return piece
    }

    private func takePending() -> [UInt8]? {
        state.withLock { state in
            guard state.offset < state.pending.count else { return nil }
            let end = min(state.pending.count, state.offset + pieceSize)
            let piece = Array(state.pending[state.offset..<end])
            state.offset = end
            state.size += Int64(piece.count)
            if end == state.pending.count { state.pending = [] }
            return piece
        }
    }
}

/// A body was shorter or longer than was said.
private struct PromiseBroken: Error {
    let promised: Int64
    let sent: Int64
}
