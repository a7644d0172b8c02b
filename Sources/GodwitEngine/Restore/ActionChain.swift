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

    /// Runs the actions that apply to an item. Selectors see the item as it is in the backup.
    ///
    /// - Throws: ``ActionError`` with the name of the action that failed.
    func run(
        _ object: KubernetesObject, original: KubernetesObject, identity: ItemIdentity, context: any RestoreContext
    ) async throws -> Outcome {
        var object = object
        var additionalItems: [ItemIdentity] = []
        var warnings: [String] = []
        for link in links(for: identity.resource)
        where link.selector.matches(namespace: identity.namespace, labels: original.labels) {
            do {
                switch try await link.action.execute(object, original: original, context: context) {
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
