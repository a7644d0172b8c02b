import GodwitModel
import GodwitPluginAPI
import KubernetesClient

/// Restores one item: cleans it, lets the actions change it, restores what it needs, and brings it into the cluster.
struct ItemRestorer: Sendable {
    private let context: ExecutionContext
    private let actions: ActionChain
    private let placer: ObjectPlacer
    private let claims: RowClaims
    private let guardian: RunGuard
    private let operations: RestoreOperations
    private let report: @Sendable (ItemOutcome) async -> Void

    /// - Parameters:
    ///   - names: what resource names in selectors mean.
    ///   - snapshots: makes volumes of snapshots; nil where none are restored.
    ///   - operations: keeps the operations that actions begin.
    ///   - report: is told what became of each item, from any task.
    init(
        _ context: ExecutionContext, names: APIResourceCatalog, snapshots: SnapshotRestorer?,
        operations: RestoreOperations,
        report: @escaping @Sendable (ItemOutcome) async -> Void
    ) throws {
        let request = context.request
        let volumes: [any RestoreItemAction] = snapshots.map { [$0] } ?? []
        let actions = try ActionChain(
            request.fixes + volumes + request.transformers, catalog: names, operations: operations)
        self.context = context
        self.actions = actions
        self.operations = operations
        self.report = report
        claims = RowClaims(count: context.index.count)
        guardian = RunGuard(request.cluster)
        let keeper = NamespaceKeeper(context, report: report) { source in
            let identity = ItemIdentity(resource: .namespaces, namespace: nil, name: source)
            guard let original = try await context.backedUp(identity) else { return nil }
            let cleaned = ObjectCleaner.cleaned(original)
            let outcome = try await actions.run(cleaned, original: original, identity: identity, context: context)
            if case .restore(let restored) = outcome { return restored.object }
            return nil
        }
        placer = ObjectPlacer(
            context,
            existingObjects: ExistingObjectPolicy(context, fixes: try ActionChain(request.fixes, catalog: names)),
            namespaces: keeper)
    }

    /// Restores an item that was read, unless it was restored before because another one needs it. What becomes of it
    /// is reported.
    ///
    /// - Throws: `CancellationError`, and ``RunFailure`` when the run cannot go on.
    func restore(_ item: Result<Item, BackupStorageError>, row: BackupIndex.Row) async throws {
        try Task.checkCancellation()
        guard claims.claim(row) else { return }
        try await settle(row) { try await process(item.get(), row) }
    }

    /// Selected items that were never begun.
    var untried: Int { claims.open(among: context.selection.allRows) }

    /// Does the work of a claimed row, and reports what came of it, also when it is interrupted.
    private func settle(_ row: BackupIndex.Row, _ work: () async throws -> ItemOutcome) async throws {
        defer { claims.finish(row) }
        do {
            let outcome = try await work()
            guardian.succeeded()
            await report(outcome)
        } catch {
            let failure = error as? PlacementFailure
            let cause = failure?.cause ?? error
            let isInterruption = cause is CancellationError || (Task.isCancelled && !(cause is ItemError))
            let reason = isInterruption ? "interrupted; it may or may not have been restored" : "\(cause)"
            let identity = context.index.identity(row)
            await report(
                ItemOutcome(
                    item: identity, target: failure?.target ?? identity, action: .failed(reason),
                    warnings: failure?.warnings ?? []))
            guard !isInterruption else { throw CancellationError() }
            try await guardian.judge(cause)
        }
    }

    private func process(_ item: Item, _ row: BackupIndex.Row) async throws -> ItemOutcome {
        let identity = context.index.identity(row)
        // The filters went by the index, so an item that says otherwise is not one that was asked for.
        guard item.metadata.name == identity.name, item.metadata.namespace == identity.namespace else {
            throw ItemError("the backup is damaged: the item's own name is \(item.identity)")
        }
        let original = try KubernetesObject(parsing: item.bytes)
        let cleaned = ObjectCleaner.cleaned(original)
        switch try await actions.run(cleaned, original: original, identity: identity, context: context) {
        case .skip(let reason):
            return ItemOutcome(item: identity, target: identity, action: .skipped(reason))
        case .restore(let restored):
            if let claim = context.unfilled.claim(usedBy: restored.object) {
                throw ItemError(
                    "held back, because the data of its claim '\(claim.name)' could not be restored; restore it again "
                        + "when that is mended, or with --restore-volumes false")
            }
            var warnings = restored.warnings
            for companion in restored.additionalItems where companion != identity {
                try await restoreCompanion(companion, for: row, &warnings)
            }
            for wait in restored.waits { try await operations.untilReady(wait, &warnings) }
            return try await placer.place(restored.object, original: original, identity: identity, warnings: warnings)
        }
    }

    /// Restores an item that another one needs, or waits until it is restored. As in Velero it need not match the label
    /// selectors, but the other filters hold.
    private func restoreCompanion(
        _ identity: ItemIdentity, for asker: BackupIndex.Row, _ warnings: inout [String]
    ) async throws {
        guard let row = context.index.row(identity) else {
            warnings.append("it asks for \(identity), which is not in the backup")
            return
        }
        guard context.selection.contains(row) || context.selection.admits(identity) else { return }
        guard claims.claim(row, for: asker) else { return await claims.wait(for: row, asker: asker) }
        defer { claims.satisfied(asker) }
        try await settle(row) { try await process(context.read(row), row) }
    }
}
