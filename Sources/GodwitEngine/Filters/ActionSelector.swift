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
