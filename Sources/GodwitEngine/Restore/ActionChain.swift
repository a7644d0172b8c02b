import GodwitModel
import GodwitPluginAPI

/// The actions of a restore, in order, each with its resolved selector.
struct ActionChain: Sendable {
    private let actions: [(selector: ActionSelector, action: any RestoreItemAction)]

    init(_ actions: [any RestoreItemAction], catalog: APIResourceCatalog) throws {
        self.actions = try actions.map { (try ActionSelector($0.appliesTo, catalog: catalog), $0) }
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
        let labels = original.labels
        for (selector, action) in actions
        where selector.matches(identity.resource, namespace: identity.namespace, labels: labels) {
            do {
                switch try await action.execute(object, original: original, context: context) {
                case .skip(let reason): return .skip(reason: reason)
                case .restore(let changed, let more, let remarks):
                    object = changed
                    additionalItems += more
                    warnings += remarks
                }
            } catch let error as CancellationError {
                throw error
            } catch {
                throw ActionError(action: action.name, reason: "\(error)")
            }
        }
        return .restore(object, additionalItems: additionalItems, warnings: warnings)
    }
}

/// An action failed on an item.
struct ActionError: Error, CustomStringConvertible {
    let action: String
    let reason: String

    var description: String { "action \(action) failed: \(reason)" }
}
