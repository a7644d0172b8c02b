public import GodwitModel
import GodwitPluginAPI

/// An action's selector, resolved against what is served.
struct ActionSelector: Sendable {
    private let namespaces: IncludesExcludes
    private let resources: ResourceSet
    private let labels: LabelSelector?

    /// A resource that nothing serves is no error: a plugin may be for clusters of many kinds.
    ///
    /// - Parameter action: the name of the action, for the error.
    init(
        _ selector: ResourceSelector, ofAction action: String, catalog: APIResourceCatalog
    ) throws(ActionSelectorError) {
        do {
            namespaces = try IncludesExcludes(
                includes: selector.includedNamespaces, excludes: selector.excludedNamespaces)
            resources = try ResourceSet(
                IncludesExcludesSpec(included: selector.includedResources, excluded: selector.excludedResources),
                catalog: catalog, unknownNames: .areTaken)
        } catch {
            throw ActionSelectorError(action: action, cause: error)
        }
        labels = selector.labelSelector
    }

    /// Whether the action wants items of a resource at all.
    func matches(_ resource: GroupResource) -> Bool { resources.contains(resource) }

    /// Whether the action wants an item of a resource that it wants. One that is for some namespaces only gets no
    /// cluster-scoped items, as in Velero.
    func matches(namespace: String?, labels: @autoclosure () -> [String: String]) -> Bool {
        guard namespace.map(namespaces.contains) ?? namespaces.isEverything else { return false }
        return self.labels?.matches(labels()) ?? true
    }

    /// Whether the action wants an item.
    func matches(_ resource: GroupResource, namespace: String?, labels: @autoclosure () -> [String: String]) -> Bool {
        matches(resource) && matches(namespace: namespace, labels: labels())
    }
}

/// An action's own selector is malformed, so that nobody knows which items it is for: to go on without it could lose
/// what only it knows.
public struct ActionSelectorError: AdvisedError {
    /// The action.
    public let action: String
    /// What is wrong with the selector.
    public let cause: any Error

    /// Which action.
    public var summary: String { "the action \(action) does not say which items it is for" }
    /// What is wrong with its selector.
    public var reason: String? { "\(cause)" }
    /// What to do next.
    public var advice: String? { "correct the selector that the plugin gives for this action" }
}
