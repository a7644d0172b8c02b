public import GodwitModel
import Synchronization

/// What came of a restore.
public struct RestoreReport: Sendable, Hashable {
    /// Items by what happened to them: `created`, `updated`, `unchanged`, `skipped`, `failed`.
    public internal(set) var counts: [String: Int] = [:]
    /// Warnings and errors.
    public internal(set) var results = ResultSet()

    /// How the restore ended.
    public var phase: RestorePhase { results.errors.count == 0 ? .completed : .partiallyFailed }

    /// Items that are now in the cluster as the backup has them.
    public var itemsRestored: Int { ["created", "updated", "unchanged"].reduce(0) { $0 + counts[$1, default: 0] } }
}

/// Gathers what happens to the items of a restore, and tells the observer.
final class RestoreRecorder: Sendable {
    private struct State {
        var report = RestoreReport()
        var progress = Progress()
        var createdDefinitions: [String] = []
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

    /// CRDs that this restore created.
    var createdDefinitions: [String] { state.withLock { $0.createdDefinitions } }

    /// Tells that a group of resources begins.
    func begin(_ group: [GroupResource]) {
        let progress = state.withLock { state in
            state.progress.activity = group.count == 1 ? group[0].description : "\(group.count) resources"
            return state.progress
        }
        observer(.progress(progress))
    }

    /// Takes down what happened to an item.
    func record(_ outcome: ItemOutcome) async {
        let progress = state.withLock { state in
            state.report.counts[outcome.action.word, default: 0] += 1
            state.progress.items += 1
            for warning in outcome.warnings { state.report.results.warnings.add(warning, about: outcome.item) }
            if case .failed(let reason) = outcome.action {
                state.report.results.errors.add(reason, about: outcome.item)
            }
            state.progress.warnings += outcome.warnings.count
            if case .failed = outcome.action { state.progress.errors += 1 }
            if outcome.item.resource == .customResourceDefinitions, outcome.action == .created {
                state.createdDefinitions.append(outcome.target.name)
            }
            return state.progress
        }
        await outcomes(outcome)
        for warning in outcome.warnings { observer(.log(LogLine(.warning, warning, item: outcome.item))) }
        switch outcome.action {
        case .failed(let reason): observer(.log(LogLine(.error, reason, item: outcome.item)))
        case .skipped(let reason): observer(.log(LogLine(.debug, "skipped: \(reason)", item: outcome.item)))
        default: observer(.log(LogLine(.debug, outcome.action.word, item: outcome.item)))
        }
        observer(.progress(progress))
    }

    /// Takes down that a CRD was created and is not served.
    func record(failure: String, definition: String) {
        let item = ItemIdentity(resource: .customResourceDefinitions, namespace: nil, name: definition)
        state.withLock { $0.report.results.errors.add(failure, about: item) }
        observer(.log(LogLine(.error, failure, item: item)))
    }

    /// What came of it all.
    func report() -> RestoreReport { state.withLock { $0.report } }
}
