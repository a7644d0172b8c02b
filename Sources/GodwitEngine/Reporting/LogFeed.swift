import Synchronization

/// Lines from outside the engine that belong in the log of a run: what plugins say.
///
/// Lines that come before the run begins are kept for it, within reason.
public final class LogFeed: Sendable {
    private struct State {
        var listener: (@Sendable (LogLine) -> Void)?
        var kept: [LogLine] = []
    }

    private let state = Mutex(State())
    private static let keptLines = 200

    /// A feed that nobody listens to yet.
    public init() {}

    /// Passes a line on.
    ///
    /// - Returns: whether a run takes it, and shows it as it shows its own.
    @discardableResult public func send(_ line: LogLine) -> Bool {
        let listener = state.withLock { state in
            if state.listener == nil, state.kept.count < Self.keptLines { state.kept.append(line) }
            return state.listener
        }
        listener?(line)
        return listener != nil
    }

    /// Gives the lines that were kept, and all that come, to a listener.
    func connect(_ listener: @escaping @Sendable (LogLine) -> Void) {
        let kept = state.withLock { state in
            state.listener = listener
            defer { state.kept = [] }
            return state.kept
        }
        for line in kept { listener(line) }
    }

    /// The run is over.
    func disconnect() { state.withLock { $0.listener = nil } }
}
