import Foundation
import GodwitModel
import Streams
import Synchronization

/// The log of a run as NDJSON, streamed to whoever stores it; lines are added from anywhere and never wait.
///
/// If the store falls far behind, lines are dropped, and a line says how many.
final class RunLog: Sendable {
    private let text = GatheredText(limit: 4 << 20)
    private let dropped = Atomic<Int>(0)

    /// Adds a line.
    func append(_ line: LogLine) {
        if !text.offer(Self.text(line)) { dropped.add(1, ordering: .relaxed) }
    }

    /// Ends the log.
    func finish() {
        text.finish {
            let count = dropped.load(ordering: .relaxed)
            return count > 0 ? Self.text(LogLine(.warning, "\(count) lines of this log were dropped")) : []
        }
    }

    /// The text; for one consumer.
    var stream: ByteStream { text.stream }

    private static func text(_ line: LogLine) -> [UInt8] {
        var members: [String: JSONValue] = [
            "time": .string(RFC3339.format(Date())), "level": .string(line.level.rawValue),
            "message": .string(line.message),
        ]
        if let item = line.item { members["item"] = .string(item.description) }
        return JSONValue.object(members).serialized() + [0x0A]
    }
}
