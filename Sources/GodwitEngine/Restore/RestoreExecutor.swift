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

    /// Restores group by group. Items that fail are in the report and do not stop the rest.
    ///
    /// - Parameter outcomes: is told what became of each item, from any task; it must return at once.
    /// - Throws: `CancellationError`, or an error that concerns the whole run, such as a store or cluster that is gone.
    public func run(outcomes: @escaping @Sendable (ItemOutcome) -> Void) async throws -> RestoreReport {
        let context = ExecutionContext(prepared)
        let recorder = RestoreRecorder(totalItems: prepared.plan.itemCount, observer: observer, outcomes: outcomes)
        let restorer = try ItemRestorer(context) { recorder.record($0) }
        for group in prepared.groups {
            recorder.begin(group)
            try await restore(group, with: restorer, context: context)
            if group == [.customResourceDefinitions] {
                try await awaitDefinitions(recorder.createdDefinitions, context: context, recorder: recorder)
            }
        }
        return recorder.report()
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
