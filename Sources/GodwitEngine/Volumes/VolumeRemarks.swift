import GodwitModel
import Synchronization

/// Remarks about the entries of one volume: the first few are told as they come, all of them are in the log.
final class VolumeRemarks: Sendable {
    private struct State {
        var told = 0
        var first: String?
    }

    private let tell: @Sendable (LogLine, _ isDetail: Bool) -> Void
    private let begin: @Sendable (String) -> Void
    private let item: ItemIdentity
    private let state = Mutex(State())

    private static let limit = 20

    convenience init(_ recorder: RunRecorder, _ item: ItemIdentity) {
        self.init(item, begin: { recorder.begin($0) }, tell: { recorder.note($0, isDetail: $1) })
    }

    init(
        _ item: ItemIdentity, begin: @escaping @Sendable (String) -> Void,
        tell: @escaping @Sendable (LogLine, _ isDetail: Bool) -> Void
    ) {
        self.item = item
        self.begin = begin
        self.tell = tell
    }

    /// The first error.
    var first: String? { state.withLock { $0.first } }

    var observer: VolumeObserver {
        VolumeObserver(
            progress: { [self] entries, bytes in
                begin("volume \(item.namespace ?? "")/\(item.name): \(entries) entries, \(bytes >> 20) MiB")
            },
            remark: { [self] level, path, message in
                // Names of files are anybody's, and messages repeat them.
                let text = "\(path.isEmpty ? "." : path): \(message)".printable
                let isDetail = state.withLock { state in
                    if level == .error, state.first == nil { state.first = text }
                    state.told += 1
                    return state.told > Self.limit
                }
                tell(LogLine(level, text, item: item), isDetail)
            })
    }
}
