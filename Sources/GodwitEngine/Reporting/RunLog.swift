import Foundation
import GodwitModel
import Streams
import Synchronization

/// The log of a run, streamed to whoever stores it; lines are added from anywhere and never wait.
///
/// If the store falls far behind, lines are dropped, and a line says how many.
final class RunLog: Sendable {
    /// How a line is written.
    enum Form: Sendable {
        /// A JSON object a line: Godwit's own.
        case json
        /// `time="…" level=info msg="…"`: Velero's.
        case logfmt
    }

    private let form: Form
    private let text = GatheredText(limit: 4 << 20)
    private let dropped = Atomic<Int>(0)

    init(_ form: Form = .json) { self.form = form }

    /// The log of a backup in the format's own form.
    convenience init(of format: BackupFormat) {
        switch format {
        case .godwit: self.init(.json)
        case .velero: self.init(.logfmt)
        }
    }

    /// Adds a line.
    func append(_ line: LogLine) {
        if !text.offer(text(line)) { dropped.add(1, ordering: .relaxed) }
    }

    /// Ends the log.
    func finish() {
        text.finish {
            let count = dropped.load(ordering: .relaxed)
            return count > 0 ? text(LogLine(.warning, "\(count) lines of this log were dropped")) : []
        }
    }

    /// The text; for one consumer.
    var stream: ByteStream { text.stream }

    private func text(_ line: LogLine) -> [UInt8] {
        let time = RFC3339.format(Date())
        switch form {
        case .json:
            var members: [String: JSONValue] = [
                "time": .string(time), "level": .string(line.level.rawValue), "message": .string(line.message),
            ]
            if let item = line.item { members["item"] = .string(item.description) }
            return JSONValue.object(members).serialized() + [0x0A]
        case .logfmt:
            var text = Array("time=\"\(time)\" level=\(line.level.rawValue) msg=".utf8)
            text += JSONValue.literal(line.message)
            if let item = line.item {
                text += Array(" resource=".utf8) + JSONValue.literal(item.resource.description)
                if let namespace = item.namespace { text += Array(" namespace=".utf8) + JSONValue.literal(namespace) }
                text += Array(" name=".utf8) + JSONValue.literal(item.name)
            }
            return text + [0x0A]
        }
    }
}
