import Foundation
import GodwitModel
import Streams
import Synchronization

/// The log of a run as NDJSON, streamed to whoever stores it; lines are added from anywhere and never wait.
///
/// If the store falls far behind, lines are dropped, and a line says how many.
final class RunLog: Sendable {
    private struct State {
        var buffer: [UInt8] = []
        var dropped = 0
        var isFinished = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// What is sent on at once, at least, while the run goes on.
    private static let pieceSize = 64 << 10
    /// What may wait for the store.
    private static let limit = 4 << 20

    /// Adds a line.
    func append(_ line: LogLine) {
        let text = Self.text(line)
        let waiting: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard !state.isFinished else { return nil }
            guard state.buffer.count + text.count <= Self.limit else {
                state.dropped += 1
                return nil
            }
            state.buffer += text
            return state.buffer.count >= Self.pieceSize ? state.waiting.take() : nil
        }
        waiting?.resume()
    }

    /// Ends the log.
    func finish() {
        let waiting: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard !state.isFinished else { return nil }
            if state.dropped > 0 {
                state.buffer += Self.text(LogLine(.warning, "\(state.dropped) lines of this log were dropped"))
            }
            state.isFinished = true
            return state.waiting.take()
        }
        waiting?.resume()
    }

    /// The text; for one consumer.
    var stream: ByteStream { ByteStream { [self] in await next() } }

    private func next() async -> [UInt8]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.isFinished || state.buffer.count >= Self.pieceSize { return true }
                    state.waiting = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            finish()
        }
        return state.withLock { state in
            defer { state.buffer = [] }
            return state.buffer.isEmpty ? nil : state.buffer
        }
    }

    private static func text(_ line: LogLine) -> [UInt8] {
        var members: [String: JSONValue] = [
            "time": .string(RFC3339.format(Date())), "level": .string(line.level.rawValue),
            "message": .string(line.message),
        ]
        if let item = line.item { members["item"] = .string(item.description) }
        return JSONValue.object(members).serialized() + [0x0A]
    }
}
