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
    /// Links by resource: most actions are for a few kinds only.
    private let linksByResource = Mutex<[GroupResource: [Link]]>([:])

    init(_ actions: [any RestoreItemAction], catalog: APIResourceCatalog) throws(ActionSelectorError) {
        var links: [Link] = []
        for action in actions {
            let selector = try ActionSelector(action.appliesTo, ofAction: action.name, catalog: catalog)
            links.append(Link(selector: selector, action: action))
        }
        self.links = links
    }

    /// What the chain made of an item.
    enum Outcome {
        case restore(KubernetesObject, additionalItems: [ItemIdentity], warnings: [String])
        case skip(reason: String)
    }

    /// An action that wants to wait until what it named is ready.
    struct ReadinessWait: Sendable {
        let action: any OperatingRestoreItemAction
        let items: [ItemIdentity]
        /// nil for the restore's own.
        let timeout: Duration?
    }

    /// What actions began, or want to wait for, beside what they made of an item.
    struct Begun: Sendable {
        var operations: [(id: String, action: any OperatingRestoreItemAction)] = []
        var waits: [ReadinessWait] = []
    }

    /// Runs the actions that apply to an item. Selectors see the item as it is in the backup.
    ///
    /// - Throws: ``ActionError`` with the name of the action that failed.
    func run(
        _ object: KubernetesObject, original: KubernetesObject, identity: ItemIdentity, context: any RestoreContext
    ) async throws -> Outcome {
        var begun = Begun()
        return try await run(object, original: original, identity: identity, context: context, begun: &begun)
    }

    /// Runs the actions that apply to an item, and notes what they begin.
    ///
    /// - Throws: ``ActionError`` with the name of the action that failed.
    func run(
        _ object: KubernetesObject, original: KubernetesObject, identity: ItemIdentity, context: any RestoreContext,
        begun: inout Begun
    ) async throws -> Outcome {
        var object = object
        var additionalItems: [ItemIdentity] = []
        var warnings: [String] = []
        for link in links(for: identity.resource)
        where link.selector.matches(namespace: identity.namespace, labels: original.labels) {
            do {
                switch try await execute(link.action, object, original, context, &begun) {
                case .skip(let reason): return .skip(reason: reason)
                case .restore(let changed, let more, let remarks):
                    object = changed
                    additionalItems += more
                    warnings += remarks
                }
            } catch let error as CancellationError {
                throw error
            } catch {
                throw ActionError(action: link.action.name, cause: error)
            }
        }
        return .restore(object, additionalItems: additionalItems, warnings: warnings)
    }

    private func execute(
        _ action: any RestoreItemAction, _ object: KubernetesObject, _ original: KubernetesObject,
        _ context: any RestoreContext, _ begun: inout Begun
    ) async throws -> RestoreItemOutcome {
        guard let action = action as? any OperatingRestoreItemAction else {
            return try await action.execute(object, original: original, context: context)
        }
        let outcome = try await action.begin(object, original: original, context: context)
        if let operation = outcome.operation { begun.operations.append((operation, action)) }
        if outcome.waitsForAdditionalItems, case .restore(_, let items, _) = outcome.outcome, !items.isEmpty {
            begun.waits.append(ReadinessWait(action: action, items: items, timeout: outcome.readinessTimeout))
        }
        return outcome.outcome
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
