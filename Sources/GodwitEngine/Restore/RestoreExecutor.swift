import GodwitModel
import KubernetesClient

/// Carries a plan out.
public struct RestoreExecutor: Sendable {
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
        let context = ExecutionContext(prepared, observer: observer)
        let volumes = VolumeRestoreStage(context, recorder: recorder)
        let operations = RestoreOperations(prepared.request, recorder: recorder)
        prepared.request.log?.connect { recorder.note($0, isDetail: !$0.level.isForPeople) }
        defer { prepared.request.log?.disconnect() }
        let restorer = try ItemRestorer(
            context, names: prepared.names, snapshots: volumes?.snapshots, operations: operations
        ) { outcome in
            await recorder.record(outcome)
            volumes?.note(outcome)
        }
        for warning in prepared.request.contents.warnings { recorder.warn(warning) }
        for failure in prepared.request.pluginFailures { recorder.fail(failure) }
        do {
            for group in prepared.groups {
                recorder.begin(group)
                try await restore(group.flatMap(prepared.selection.rows), with: restorer, context: context)
                // Claims have a group of their own, before all workloads; others come along with what needs them.
                try await volumes?.fill()
                if group.contains(.customResourceDefinitions) {
                    try await serve(recorder.definitions, context: context, recorder: recorder)
                }
            }
            try await operations.wait()
        } catch {
            await operations.cancel()
            recorder.end(untried: restorer.untried)
            throw (error as? RunFailure)?.cause ?? error
        }
    }

    private func restore(
        _ rows: [BackupIndex.Row], with restorer: ItemRestorer, context: ExecutionContext
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            var running = 0
            func start(_ item: Result<Item, BackupStorageError>, _ row: BackupIndex.Row) async throws {
                if running >= context.request.concurrency {
                    try await tasks.next()
                    running -= 1
                }
                running += 1
                tasks.addTask { try await restorer.restore(item, row: row) }
            }
            for window in RowWindows(rows) {
                var left = window
                let items = context.request.contents.items(window.map { prepared.index[$0] }).makeAsyncIterator()
                while let batch = try await Self.next(items, orEnd: &tasks) {
                    for stored in batch {
                        guard let row = left.popFirst() else { break }
                        try await start(stored.item, row)
                    }
                }
                for row in left { try await start(.failure(context.missing(row)), row) }
            }
            try await tasks.waitForAll()
        }
    }

    /// Reads on. When the store fails, what is under way is brought to its end first.
    private static func next(
        _ items: StoredItemStream.AsyncIterator, orEnd tasks: inout ThrowingTaskGroup<Void, any Error>
    ) async throws -> [StoredItem]? {
        do {
            var items = items
            return try await items.next()
        } catch {
            try await tasks.waitForAll()
            throw error
        }
    }

    /// Custom resources can only be restored once the API server serves them.
    private func serve(
        _ definitions: [String], context: ExecutionContext, recorder: RestoreRecorder
    ) async throws {
        guard !definitions.isEmpty else { return }
        let resources = definitions.map { GroupResource(parsing: $0) }
        guard !context.target.isDryRun else {
            for resource in resources { context.pretend(toServe: resource) }
            return
        }
        let cluster = context.request.cluster
        guard cluster.capabilities.controlPlane, let resource = context.catalog[.customResourceDefinitions] else {
            context.catalog = try await cluster.discover()
            return
        }
        let unestablished = try await context.waiter.untilEstablished(definitions, resource)
        let names = Set(unestablished.map(\.subject))
        let (catalog, unserved) = try await context.waiter.untilServed(
            resources.filter { !names.contains($0.description) })
        context.catalog = catalog
        for error in unestablished + unserved { recorder.record(failure: "\(error)", definition: error.subject) }
    }
}
