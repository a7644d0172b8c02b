import GodwitModel
import GodwitPluginAPI

/// An action's selector, resolved against what is served.
struct ActionSelector: Sendable {
    private let namespaces: IncludesExcludes
    private let resources: ResourceSet
    private let labels: LabelSelector?

    /// - Throws: ``GlobError`` for a malformed pattern. A resource that nothing serves is no error: a plugin may be for
    ///   clusters of many kinds.
    init(_ selector: ResourceSelector, catalog: APIResourceCatalog) throws {
        namespaces = try IncludesExcludes(
            includes: selector.includedNamespaces, excludes: selector.excludedNamespaces)
        resources = try ResourceSet(
            IncludesExcludesSpec(included: selector.includedResources, excluded: selector.excludedResources),
            catalog: catalog, unknownNames: .areTaken)
        labels = selector.labelSelector
    }

    /// Whether the action may want items of a resource.
    func mayMatch(_ resource: GroupResource) -> Bool { resources.contains(resource) }

    /// Whether the action wants an item.
    func matches(_ resource: GroupResource, namespace: String?, labels: [String: String]) -> Bool {
        guard resources.contains(resource) else { return false }
        if let namespace {
            guard namespaces.contains(namespace) else { return false }
        } else if !namespaces.includes.isEmpty {
            return false
        }
        return self.labels?.matches(labels) ?? true
    }
}
