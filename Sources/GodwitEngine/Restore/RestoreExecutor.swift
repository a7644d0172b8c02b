import GodwitModel
import KubernetesClient

/// Carries a plan out.
public struct RestoreExecutor: Sendable {
    /// Rows whose entries are unpacked and read at a time.
    private static let window = 1024

    private let prepared: PreparedRestore
    private let observer: RunObserver

    /// An executor of what was prepared.
    public init(_ prepared: PreparedRestore, observer: @escaping RunObserver) {
        self.prepared = prepared
        self.observer = observer
    }

    /// What a run of this executor is recorded with.
    ///
    /// - Parameter outcomes: is told what became of each item, from any task; items wait for it.
    func makeRecorder(outcomes: @escaping @Sendable (ItemOutcome) async -> Void) -> RestoreRecorder {
        RestoreRecorder(totalItems: prepared.plan.itemCount, observer: observer, outcomes: outcomes)
    }

    /// Restores group by group. Items that fail are in the report and do not stop the rest.
    ///
    /// - Parameter outcomes: is told what became of each item, from any task; items wait for it.
    /// - Throws: `CancellationError`, or an error that concerns the whole run, such as a store or cluster that is gone.
    public func run(outcomes: @escaping @Sendable (ItemOutcome) async -> Void) async throws -> RestoreReport {
        let recorder = makeRecorder(outcomes: outcomes)
        try await run(recorder)
        return recorder.report()
    }

    /// Restores group by group; what happens is in the recorder, also when this throws.
    func run(_ recorder: RestoreRecorder) async throws {
        let context = ExecutionContext(prepared)
        let restorer = try ItemRestorer(context) { await recorder.record($0) }
        for group in prepared.groups {
            recorder.begin(group)
            try await restore(group, with: restorer, context: context)
            if group == [.customResourceDefinitions] {
                try await awaitDefinitions(recorder.createdDefinitions, context: context, recorder: recorder)
            }
        }
    }

    private func restore(
        _ group: [GroupResource], with restorer: ItemRestorer, context: ExecutionContext
    ) async throws {
        let rows = group.flatMap(prepared.selection.rows)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            var running = 0
            for start in stride(from: 0, to: rows.count, by: Self.window) {
                let window = rows[start..<min(start + Self.window, rows.count)]
                for try await batch in context.request.contents.items(window.map { prepared.index[$0] }) {
                    for stored in batch {
                        if running >= context.request.concurrency {
                            try await tasks.next()
                            running -= 1
                        }
                        running += 1
                        tasks.addTask { try await restorer.restore(stored) }
                    }
                }
            }
            try await tasks.waitForAll()
        }
    }

    /// Custom resources can only be restored once the API server serves them.
    private func awaitDefinitions(
        _ definitions: [String], context: ExecutionContext, recorder: RestoreRecorder
    ) async throws {
        guard !definitions.isEmpty, !context.request.isDryRun else { return }
        if context.cluster.capabilities.controlPlane {
            let waiter = ObjectWaiter(context)
            for name in definitions {
                do {
                    try await waiter.untilEstablished(name)
                    try await waiter.untilServed(GroupResource(parsing: name))
                } catch let error as WaitTimeoutError {
                    recorder.record(failure: "\(error)", definition: name)
                }
            }
        } else {
            context.catalog = try await context.cluster.discover()
        }
    }
}
