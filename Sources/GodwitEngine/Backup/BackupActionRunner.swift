import GodwitModel
import GodwitPluginAPI
import KubernetesClient

/// Lets the actions of a backup look at items; many items may be looked at at once.
struct BackupActionRunner: Sendable {
    /// The backup as actions are shown it.
    let backup: Backup
    let recorder: RunRecorder
    /// Keeps the operations that actions begin.
    let operations: BegunOperations

    /// Items that actions look at at the same time. An action that is a program works on many while others travel.
    static let parallelItems = 192

    /// What the actions made of an item.
    struct Outcome: Sendable {
        var item: Item
        var related: [ItemIdentity] = []
        /// Items that are read when operations have ended.
        var postponed: [ItemIdentity] = []
    }

    /// The actions among some that want an item.
    static func matching(_ actions: [SelectedAction], _ item: Item) -> [SelectedAction] {
        actions.filter {
            $0.selector.matches(
                item.resource, namespace: item.metadata.namespace, labels: item.metadata.labels)
        }
    }

    /// Lets the actions that want each item look at it, and gives what they made of them in the items' order; items on
    /// which an action fails are recorded and left out.
    func run(_ actions: [SelectedAction], on items: [Item]) async throws -> [Outcome] {
        // Most actions are for a few items of a batch; the others cost no task.
        let wanted = items.map { Self.matching(actions, $0) }
        let calls = zip(items, wanted).enumerated().filter { !$0.element.1.isEmpty }.map {
            (index: $0.offset, item: $0.element.0, actions: $0.element.1)
        }
        var outcomes: [Outcome?] = items.map { Outcome(item: $0) }
        let results = try await calls.mapConcurrently(limit: Self.parallelItems) { call in
            (call.index, try await run(call.actions, on: call.item))
        }
        for (index, outcome) in results { outcomes[index] = outcome }
        return outcomes.compactMap(\.self)
    }

    private func begin(_ id: String, of action: any BackupItemAction, about item: ItemIdentity) {
        guard let action = action as? any OperatingBackupItemAction else {
            recorder.fail("action \(action.name) began an operation and cannot tell its progress", about: item)
            return
        }
        let backup = backup
        operations.add(
            BegunOperations.Operation(id: id, action: action.name, item: item) {
                try await action.progress(of: id, backup: backup)
            } cancel: {
                try await action.cancel(id, backup: backup)
            })
    }

    /// Lets actions look at an item, one after the other; nil when one fails, which is recorded.
    private func run(_ actions: [SelectedAction], on item: Item) async throws -> Outcome? {
        var state = ItemState(text: item.bytes)
        var outcome = Outcome(item: item)
        var current = ""
        do {
            for selected in actions {
                current = selected.action.name
                let step = try await step(selected.action, &state)
                outcome.related += step.additionalItems
                if let operation = step.operation {
                    begin(operation, of: selected.action, about: item.identity)
                    outcome.postponed += step.postOperationItems
                }
            }
            guard state.isChanged else { return outcome }
            let text = state.text
            outcome.item = Item(bytes: text, metadata: try ItemMetadata(scanning: text), resource: item.resource)
            return outcome
        } catch {
            if error is CancellationError || (error as? ClusterError)?.kind == .unauthorized { throw error }
            recorder.fail(current.isEmpty ? "\(error)" : "action \(current): \(error)", about: item.identity)
            return nil
        }
    }

    private func step(_ action: any BackupItemAction, _ state: inout ItemState) async throws -> TextBackupItemOutcome {
        if let action = action as? any TextBackupItemAction {
            let outcome = try await action.begin(text: state.text, backup: backup)
            if let text = outcome.text { state.replace(text) }
            return outcome
        }
        let object = try state.object()
        if let action = action as? any OperatingBackupItemAction {
            let begun = try await action.begin(object, backup: backup)
            if let changed = begun.outcome.item { state.replace(changed) }
            return TextBackupItemOutcome(
                additionalItems: begun.outcome.additionalItems, operation: begun.operation,
                postOperationItems: begun.postOperationItems)
        }
        let outcome = try await action.execute(object, backup: backup)
        if let changed = outcome.item { state.replace(changed) }
        return TextBackupItemOutcome(additionalItems: outcome.additionalItems)
    }
}

/// An item between two actions, as text or as a tree, whichever is asked for.
private struct ItemState {
    private var knownText: [UInt8]?
    private var tree: KubernetesObject?
    private(set) var isChanged = false

    init(text: [UInt8]) { knownText = text }

    var text: [UInt8] { knownText ?? tree?.serialized() ?? [] }

    mutating func object() throws -> KubernetesObject {
        if let tree { return tree }
        let parsed = try KubernetesObject(parsing: text)
        tree = parsed
        return parsed
    }

    mutating func replace(_ text: [UInt8]) {
        knownText = text
        tree = nil
        isChanged = true
    }

    mutating func replace(_ object: KubernetesObject) {
        tree = object
        knownText = nil
        isChanged = true
    }
}
