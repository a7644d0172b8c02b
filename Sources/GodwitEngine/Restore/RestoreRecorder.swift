public import GodwitModel
import Synchronization

/// What came of a restore.
public struct RestoreReport: Sendable, Hashable {
    /// Items by what happened to them: `created`, `updated`, `unchanged`, `skipped`, `failed`.
    public internal(set) var counts: [String: Int] = [:]
    /// Items that were not begun, because the restore ended before.
    public internal(set) var untried = 0
    /// How many warnings there are in all.
    public internal(set) var warnings = 0
    /// How many errors there are in all.
    public internal(set) var errors = 0
    /// What became of the data of volumes.
    public internal(set) var volumes: [VolumeRestoreRecord] = []
    /// Warnings and errors, the first thousand of each; the outcomes of the items have them all.
    public internal(set) var results = ResultSet()

    /// How the restore ended, if it was not interrupted.
    public var phase: RestorePhase { errors == 0 ? .completed : .partiallyFailed }

    /// Items that are now in the cluster as the backup has them.
    public var itemsRestored: Int { ["created", "updated", "unchanged"].reduce(0) { $0 + counts[$1, default: 0] } }
}

/// Gathers what happens to the items of a restore, and tells the observer.
final class RestoreRecorder: Sendable {
    /// Messages of a kind that are kept in memory.
    static let messageLimit = 1000

    private struct State {
        var report = RestoreReport()
        var progress = Progress()
        var definitions: [String] = []

        mutating func add(_ outcome: ItemOutcome) {
            report.counts[outcome.action.word, default: 0] += 1
            progress.items += 1
            // Items that others asked for were not counted before.
            if let total = progress.totalItems { progress.totalItems = max(total, progress.items) }
            for warning in outcome.warnings { add(warning: warning, about: outcome.item) }
            switch outcome.action {
            case .failed(let reason): add(error: reason, about: outcome.item)
            case .created, .updated:
                if outcome.item.resource == .customResourceDefinitions { definitions.append(outcome.target.name) }
            case .unchanged, .skipped: break
            }
        }

        mutating func add(warning: String, about item: ItemIdentity?) {
            if report.warnings < RestoreRecorder.messageLimit { report.results.warnings.add(warning, about: item) }
            report.warnings += 1
            progress.warnings = report.warnings
        }

        mutating func add(error: String, about item: ItemIdentity?) {
            if report.errors < RestoreRecorder.messageLimit { report.results.errors.add(error, about: item) }
            report.errors += 1
            progress.errors = report.errors
        }
    }

    private let observer: RunObserver
    private let outcomes: @Sendable (ItemOutcome) async -> Void
    private let state: Mutex<State>

    init(
        totalItems: Int, observer: @escaping RunObserver, outcomes: @escaping @Sendable (ItemOutcome) async -> Void
    ) {
        self.observer = observer
        self.outcomes = outcomes
        var state = State()
        state.progress.totalItems = totalItems
        self.state = Mutex(state)
    }

    /// CRDs that this restore created or changed.
    var definitions: [String] { state.withLock { $0.definitions } }

    /// Tells that a group of resources begins.
    func begin(_ group: [GroupResource]) {
        begin(group.count == 1 ? group[0].description : "\(group.count) resources")
    }

    /// Tells what is being done now.
    func begin(_ activity: String) {
        let progress = state.withLock { state in
            state.progress.activity = activity
            return state.progress
        }
        observer(.progress(progress))
    }

    /// Takes down what became of a volume's data.
    func record(_ volume: VolumeRestoreRecord) { state.withLock { $0.report.volumes.append(volume) } }

    /// Takes down what a person should know.
    func warn(_ message: String, about item: ItemIdentity? = nil) {
        state.withLock { $0.add(warning: message, about: item) }
        note(LogLine(.warning, message, item: item), isDetail: false)
    }

    /// Takes down that something is missing.
    func fail(_ message: String, about item: ItemIdentity? = nil) {
        state.withLock { $0.add(error: message, about: item) }
        note(LogLine(.error, message, item: item), isDetail: false)
    }

    /// Tells a line that is counted nowhere.
    ///
    /// - Parameter isDetail: show it only to who asks for details.
    func note(_ line: LogLine, isDetail: Bool) { observer(isDetail ? .detail(line) : .log(line)) }

    /// Takes down what happened to an item.
    func record(_ outcome: ItemOutcome) async {
        await outcomes(outcome)
        let progress = state.withLock { state in
            state.add(outcome)
            return state.progress
        }
        for warning in outcome.warnings { observer(.log(LogLine(.warning, warning, item: outcome.item))) }
        switch outcome.action {
        case .failed(let reason): observer(.log(LogLine(.error, reason, item: outcome.item)))
        case .skipped(let reason): observer(.log(LogLine(.debug, "skipped: \(reason)", item: outcome.item)))
        // The outcomes are stored apart; twenty thousand lines that say "created" help nobody.
        case .created, .updated, .unchanged: break
        }
        observer(.progress(progress))
    }

    /// Takes down that a CRD was restored and is not served.
    func record(failure: String, definition: String) {
        fail(failure, about: ItemIdentity(resource: .customResourceDefinitions, namespace: nil, name: definition))
    }

    /// Takes down that the restore ended before its time.
    func end(untried: Int) { state.withLock { $0.report.untried = untried } }

    /// What came of it all.
    func report() -> RestoreReport {
        var report = state.withLock { $0.report }
        report.volumes.sort { $0.claim < $1.claim }
        func close(_ messages: inout Messages, _ total: Int, _ what: String) {
            guard total > Self.messageLimit else { return }
            messages.add("\(total - Self.messageLimit) more \(what) are in the outcomes of the items")
        }
        close(&report.results.warnings, report.warnings, "warnings")
        close(&report.results.errors, report.errors, "errors")
        if report.untried > 0 {
            report.errors += 1
            report.results.errors.add("the restore ended early: \(report.untried) items were not tried")
        }
        return report
    }
}

extension RestoreRecorder {
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
