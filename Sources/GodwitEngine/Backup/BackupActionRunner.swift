import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Streams

/// Lets the actions of a backup look at items; many items may be looked at at once.
struct BackupActionRunner: Sendable {
    /// The backup as actions are shown it.
    private(set) var backup: Backup
    let recorder: RunRecorder
    /// Keeps the operations that actions begin.
    let operations: BegunOperations
    /// Whether the operations have ended: items that they changed are looked at again, and none may be begun any more.
    private var isFinalizing: Bool { backup.status.phase == .finalizing }

    /// Items of a batch that an action looks at at the same time; several batches are under way at once.
    static let parallelItems = 32

    init(backup: Backup, recorder: RunRecorder, operations: BegunOperations) {
        self.backup = backup
        self.recorder = recorder
        self.operations = operations
    }

    /// From now on actions are shown the backup in its phase `Finalizing`, as by Velero: those that begin operations look
    /// at the phase.
    mutating func finalize() { backup.status.phase = .finalizing }

    /// What the actions made of an item.
    struct Outcome: Sendable {
        var item: Item
        /// Items that belong with it, if the filters let them through.
        var related: [ItemIdentity] = []
        /// Items that belong with it, whatever the filters say.
        var required: [ItemIdentity] = []
        /// Items that are read again when operations have ended.
        var postponed: [ItemIdentity] = []
    }

    /// Lets the actions that want each item look at it, and gives what they made of them in the items' order; items on
    /// which an action fails are recorded and left out.
    func run(_ actions: [SelectedAction], on items: [Item]) async throws -> [Outcome] {
        var states = items.map { ActedItem($0) }
        for selected in actions {
            let wanted = states.indices.filter { index in
                let item = items[index]
                return !states[index].hasFailed
                    && selected.selector.matches(
                        item.resource, namespace: item.metadata.namespace, labels: item.metadata.labels)
            }
            guard !wanted.isEmpty else { continue }
            let acted = try await run(selected.action, on: wanted.map { states[$0] })
            for (index, state) in zip(wanted, acted) { states[index] = state }
        }
        return try states.compactMap { try outcome(of: $0) }
    }

    private func outcome(of state: ActedItem) throws -> Outcome? {
        guard !state.hasFailed else { return nil }
        do {
            return Outcome(
                item: try state.item, related: state.related, required: state.required, postponed: state.postponed)
        } catch {
            recorder.fail("\(error)", about: state.original.identity)
            return nil
        }
    }

    /// Lets an action look at items: at many in one call where it can, else at several at the same time.
    private func run(_ action: any BackupItemAction, on states: [ActedItem]) async throws -> [ActedItem] {
        if let action = action as? any BatchBackupItemAction { return try await runMany(action, on: states) }
        return try await states.mapConcurrently(limit: Self.parallelItems) { state in
            var state = state
            do {
                try note(try await step(action, &state), of: action, &state)
            } catch {
                try fail(&state, action, error)
            }
            return state
        }
    }

    private func runMany(_ action: any BatchBackupItemAction, on states: [ActedItem]) async throws -> [ActedItem] {
        var states = states
        var items: [Item] = []
        for index in states.indices {
            do {
                items.append(try states[index].item)
            } catch {
                try fail(&states[index], action, error)
            }
        }
        let outcomes = try await action.begin(items, backup: backup)
        var next = outcomes.makeIterator()
        for index in states.indices where !states[index].hasFailed {
            do {
                guard outcomes.count == items.count, let outcome = next.next() else {
                    throw UnansweredItemError(items: items.count, outcomes: outcomes.count)
                }
                try note(try outcome.get(), of: action, &states[index])
            } catch {
                try fail(&states[index], action, error)
            }
        }
        return states
    }

    private func fail(_ state: inout ActedItem, _ action: any BackupItemAction, _ error: any Error) throws {
        if error is CancellationError || (error as? ClusterError)?.kind == .unauthorized { throw error }
        recorder.fail("action \(action.name): \(error)", about: state.original.identity)
        state.hasFailed = true
    }

    private func note(
        _ outcome: BatchItemOutcome, of action: any BackupItemAction, _ state: inout ActedItem
    ) throws {
        if let operation = outcome.operation, begin(operation, of: action, about: state.original.identity) {
            state.postponed += outcome.postOperationItems
        }
        if let item = outcome.item { state.replace(item) }
        try state.note(outcome.additionalItems)
    }

    private func step(_ action: any BackupItemAction, _ state: inout ActedItem) async throws -> BatchItemOutcome {
        let object = try state.object()
        if let action = action as? any OperatingBackupItemAction {
            let begun = try await action.begin(object, backup: backup)
            if let changed = begun.outcome.item { state.replace(changed) }
            return BatchItemOutcome(
                additionalItems: begun.outcome.additionalItems, operation: begun.operation,
                postOperationItems: begun.postOperationItems)
        }
        let outcome = try await action.execute(object, backup: backup)
        if let changed = outcome.item { state.replace(changed) }
        return BatchItemOutcome(additionalItems: outcome.additionalItems)
    }

    /// Notes an operation.
    ///
    /// - Returns: whether it is waited for.
    private func begin(_ id: String, of action: any BackupItemAction, about item: ItemIdentity) -> Bool {
        guard !isFinalizing else {
            recorder.fail("action \(action.name) began an operation when those of the backup had ended", about: item)
            return false
        }
        guard let action = action as? any OperatingBackupItemAction else {
            recorder.fail("action \(action.name) began an operation and cannot tell its progress", about: item)
            return false
        }
        let backup = backup
        operations.add(
            BegunOperations.Operation(id: id, action: action.name, item: item) {
                try await action.progress(of: id, backup: backup)
            } cancel: {
                try await action.cancel(id, backup: backup)
            })
        return true
    }
}

/// An action has not said what it made of each item.
private struct UnansweredItemError: Error, CustomStringConvertible {
    let items: Int
    let outcomes: Int

    var description: String { "it gives \(outcomes) outcomes for \(items) items" }
}

/// An item between two actions, as text or as a tree, whichever is asked for.
private struct ActedItem: Sendable {
    /// As the source has it.
    let original: Item
    var hasFailed = false
    var related: [ItemIdentity] = []
    var required: [ItemIdentity] = []
    var postponed: [ItemIdentity] = []
    private var known: Item?
    private var tree: KubernetesObject?

    init(_ item: Item) {
        original = item
        known = item
    }

    /// The item as the actions so far left it.
    ///
    /// - Throws: `JSONError`.
    var item: Item {
        get throws {
            if let known { return known }
            guard let tree else { return original }
            let text = tree.serialized()
            return Item(bytes: text, metadata: try ItemMetadata(scanning: text), resource: original.resource)
        }
    }

    mutating func object() throws -> KubernetesObject {
        if let tree { return tree }
        let parsed = try KubernetesObject(parsing: try item.bytes)
        tree = parsed
        return parsed
    }

    /// By this annotation, which is Velero's, an action insists on the items that it names. It is meant for the backup
    /// and does not go into it.
    private static let mustIncludeAnnotation = "backup.velero.io/must-include-additional-items"

    /// Notes the items that an action names.
    ///
    /// - Throws: `JSONError`.
    mutating func note(_ identities: [ItemIdentity]) throws {
        guard !identities.isEmpty else { return }
        var object = try object()
        guard let insists = object.annotations[Self.mustIncludeAnnotation] else {
            related += identities
            return
        }
        if insists == "true" { required += identities } else { related += identities }
        object.annotations[Self.mustIncludeAnnotation] = nil
        replace(object)
    }

    mutating func replace(_ item: Item) {
        known = item
        tree = nil
    }

    mutating func replace(_ object: KubernetesObject) {
        tree = object
        known = nil
    }
}
