import GodwitModel
import GodwitPluginAPI
import Synchronization

/// The actions of a restore, in order, each with its resolved selector.
final class ActionChain: Sendable {
    private struct Link: Sendable {
        let selector: ActionSelector
        let action: any RestoreItemAction
    }

    private let links: [Link]
    private let operations: RestoreOperations?
    /// Links by resource: most actions are for a few kinds only.
    private let linksByResource = Mutex<[GroupResource: [Link]]>([:])

    /// - Parameter operations: keeps the operations that actions begin; nil where none of the actions begins any.
    init(
        _ actions: [any RestoreItemAction], catalog: APIResourceCatalog, operations: RestoreOperations? = nil
    ) throws(ActionSelectorError) {
        self.operations = operations
        var links: [Link] = []
        for action in actions {
            let selector = try ActionSelector(action.appliesTo, ofAction: action.name, catalog: catalog)
            links.append(Link(selector: selector, action: action))
        }
        self.links = links
    }

    /// What the chain made of an item.
    enum Outcome {
        case restore(Restored)
        case skip(reason: String)
    }

    /// An item that is to be restored.
    struct Restored {
        var object: KubernetesObject
        /// What belongs with it.
        var additionalItems: [ItemIdentity] = []
        var warnings: [String] = []
        /// What is to be waited for before it is restored.
        var waits: [ReadinessWait] = []
    }

    /// An action that wants to wait until what it named is ready.
    struct ReadinessWait: Sendable {
        let action: any OperatingRestoreItemAction
        let items: [ItemIdentity]
        /// nil for the restore's own.
        let timeout: Duration?
    }

    /// Runs the actions that apply to an item. Selectors see the item as it is in the backup. Operations that begin are
    /// kept also when a later action fails: somebody must wait for them, or cancel them.
    ///
    /// - Throws: ``ActionError`` with the name of the action that failed.
    func run(
        _ object: KubernetesObject, original: KubernetesObject, identity: ItemIdentity, context: any RestoreContext
    ) async throws -> Outcome {
        var restored = Restored(object: object)
        for link in links(for: identity.resource)
        where link.selector.matches(namespace: identity.namespace, labels: original.labels) {
            do {
                let outcome = try await begin(link.action, restored.object, original, identity, context)
                switch outcome.outcome {
                case .skip(let reason): return .skip(reason: reason)
                case .restore(let changed, let more, let remarks):
                    restored.object = changed
                    restored.additionalItems += more
                    restored.warnings += remarks
                    if outcome.waitsForAdditionalItems, !more.isEmpty,
                        let action = link.action as? any OperatingRestoreItemAction
                    {
                        restored.waits.append(
                            ReadinessWait(action: action, items: more, timeout: outcome.readinessTimeout))
                    }
                }
            } catch let error as CancellationError {
                throw error
            } catch {
                throw ActionError(action: link.action.name, cause: error)
            }
        }
        return .restore(restored)
    }

    private func begin(
        _ action: any RestoreItemAction, _ object: KubernetesObject, _ original: KubernetesObject,
        _ identity: ItemIdentity, _ context: any RestoreContext
    ) async throws -> OperatingRestoreItemOutcome {
        guard let action = action as? any OperatingRestoreItemAction else {
            return OperatingRestoreItemOutcome(
                try await action.execute(object, original: original, context: context))
        }
        let outcome = try await action.begin(object, original: original, context: context)
        if let operation = outcome.operation { operations?.add(operation, of: action, about: identity) }
        return outcome
    }

    private func links(for resource: GroupResource) -> [Link] {
        linksByResource.withLock { known in
            if let links = known[resource] { return links }
            let chosen = links.filter { $0.selector.matches(resource) }
            known[resource] = chosen
            return chosen
        }
    }
}

/// An action failed on an item.
struct ActionError: Error, CustomStringConvertible {
    let action: String
    let cause: any Error

    var description: String { "action \(action) failed: \(cause)" }
}
