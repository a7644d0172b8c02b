import GodwitModel
import Synchronization

/// Gathers what goes wrong in a backup, and tells the observer and the log how it goes.
///
/// However much fails, memory stays bounded: after some thousands, messages are counted only.
final class RunRecorder: Sendable {
    private struct State {
        var results = ResultSet()
        var progress = Progress()
        var omittedWarnings = 0
        var omittedErrors = 0
    }

    private let observer: RunObserver
    private let log: RunLog
    private let state = Mutex(State())

    /// Messages of a kind that are kept whole.
    static let limit = 5000

    init(log: RunLog, observer: @escaping RunObserver) {
        self.log = log
        self.observer = observer
    }

    /// Tells what is being done now.
    func begin(_ activity: String) {
        let progress = state.withLock { state in
            state.progress.activity = activity
            return state.progress
        }
        observer(.progress(progress))
    }

    /// Counts items that are on their way into the backup.
    func add(items: Int, bytes: Int64) {
        let progress = state.withLock { state in
            state.progress.items += items
            state.progress.bytes += bytes
            return state.progress
        }
        observer(.progress(progress))
    }

    func info(_ message: String, about item: ItemIdentity? = nil) { tell(LogLine(.info, message, item: item)) }

    /// Takes down a warning. It is about an item, or about a resource or namespace where those are given instead.
    func warn(_ message: String, about item: ItemIdentity? = nil) {
        state.withLock { state in
            state.progress.warnings += 1
            guard state.progress.warnings <= Self.limit else {
                state.omittedWarnings += 1
                return
            }
            state.results.warnings.add(message, about: item)
        }
        tell(LogLine(.warning, message, item: item))
    }

    /// Takes down that something is missing in the backup.
    func fail(_ message: String, about item: ItemIdentity? = nil, namespace: String? = nil) {
        state.withLock { state in
            state.progress.errors += 1
            guard state.progress.errors <= Self.limit else {
                state.omittedErrors += 1
                return
            }
            if item == nil, let namespace {
                state.results.errors.namespaces[namespace, default: []].append(message)
            } else {
                state.results.errors.add(message, about: item)
            }
        }
        tell(LogLine(.error, message, item: item))
    }

    /// Puts a line into the log that is counted nowhere.
    ///
    /// - Parameter isDetail: show it only to who asks for details.
    func note(_ line: LogLine, isDetail: Bool) {
        log.append(line)
        observer(isDetail ? .detail(line) : .log(line))
    }

    private func tell(_ line: LogLine) { note(line, isDetail: false) }

    /// Everything that was taken down, and how much there was of it.
    var outcome: (results: ResultSet, warnings: Int, errors: Int, items: Int) {
        state.withLock { state in
            var results = state.results
            if state.omittedWarnings > 0 {
                results.warnings.add("and \(state.omittedWarnings) more warnings; see the log")
            }
            if state.omittedErrors > 0 { results.errors.add("and \(state.omittedErrors) more errors; see the log") }
            return (results, state.progress.warnings, state.progress.errors, state.progress.items)
        }
    }
}

extension RunRecorder {
    /// Hears of the operations of actions.
    var operations: BegunOperations.Listener {
        BegunOperations.Listener {
            self.begin($0)
        } warn: {
            self.warn($0, about: $1)
        } fail: {
            self.fail($0, about: $1)
        }
    }
}
