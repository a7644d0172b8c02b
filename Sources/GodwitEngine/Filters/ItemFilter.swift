public import GodwitModel

/// A filter with its resource names resolved against what is served: answers which items are in.
///
/// The same filter decides for backups, restores and comparisons. Resources may be typed as plural, singular, kind,
/// short name or `plural.group`, and with wildcards.
public struct ItemFilter: Sendable {
    /// The specification that was resolved.
    public let spec: ItemFilterSpec
    /// Which namespaces are in.
    public let namespaces: IncludesExcludes
    private let resources: ResourceSet
    private let clusterScoped: ResourceSet
    private let namespaceScoped: ResourceSet

    /// Resolves a specification.
    ///
    /// - Throws: ``ItemFilterError`` for a malformed pattern, contradicting sets, or a resource name that nothing
    ///   serves (unless it holds a wildcard).
    public init(_ spec: ItemFilterSpec, catalog: APIResourceCatalog) throws {
        guard spec.resources == IncludesExcludesSpec() || !spec.usesScopedResources else {
            throw ItemFilterError(
                "included and excluded resources cannot be combined with the cluster-scoped and namespace-scoped lists")
        }
        guard spec.includeClusterResources == nil || !spec.usesScopedResources else {
            throw ItemFilterError(
                "include-cluster-resources cannot be combined with the cluster-scoped and namespace-scoped lists")
        }
        self.spec = spec
        namespaces = try IncludesExcludes(includes: spec.namespaces.included, excludes: spec.namespaces.excluded)
        resources = try ResourceSet(spec.resources, catalog: catalog)
        clusterScoped = try ResourceSet(spec.clusterScopedResources, catalog: catalog)
        namespaceScoped = try ResourceSet(spec.namespaceScopedResources, catalog: catalog)
    }

    /// How cluster-scoped resources take part.
    public enum ClusterScope: Sendable, Hashable {
        /// All that the other filters let through.
        case all
        /// None.
        case none
        /// Only those that included items need.
        case related
    }

    /// How cluster-scoped items of a resource take part. Velero's rules: unset means all when every namespace is
    /// included, and only related ones otherwise; a resource that is named explicitly in the cluster-scoped list
    /// takes part in full.
    public func clusterScope(of resource: GroupResource) -> ClusterScope {
        if spec.usesScopedResources {
            if clusterScoped.excludes(resource) { return .none }
            if clusterScoped.includesExplicitly(resource) { return .all }
            // Naming some cluster-scoped resources leaves the others to what included items need.
            let isWholeCluster = namespaces.isEverything && namespaceScoped.isEverything
            return isWholeCluster && !clusterScoped.hasIncludes ? .all : .related
        }
        guard resources.contains(resource) else { return .none }
        switch spec.includeClusterResources {
        case true?: return .all
        case false?: return .none
        case nil: return namespaces.isEverything ? .all : .related
        }
    }

    /// Whether a resource is named, or matched by a pattern, among what is left out.
    public func excludesByName(_ resource: GroupResource) -> Bool {
        resources.excludes(resource) || clusterScoped.excludes(resource) || namespaceScoped.excludes(resource)
    }

    /// Whether a resource is among what was asked for; also true when nothing in particular was.
    func includesByName(_ resource: GroupResource) -> Bool {
        spec.usesScopedResources ? !clusterScoped.excludes(resource) : resources.contains(resource)
    }

    /// Whether items of a namespaced resource can be in at all.
    public func includesNamespaced(_ resource: GroupResource) -> Bool {
        spec.usesScopedResources ? namespaceScoped.contains(resource) : resources.contains(resource)
    }

    /// Whether an item matches the label selectors and does not ask to be left out.
    public func includesLabels(_ labels: [String: String]) -> Bool {
        if labels["velero.io/exclude-from-backup"] == "true" { return false }
        return spec.labelSelectors.isEmpty || spec.labelSelectors.contains { $0.matches(labels) }
    }
}

/// A filter that cannot be meant.
public struct ItemFilterError: AdvisedError, Hashable {
    /// What is wrong.
    public let summary: String
    /// The summary says it all.
    public var reason: String? { nil }
    /// What to do next.
    public let advice: String?

    init(_ summary: String, advice: String? = nil) {
        self.summary = summary
        self.advice = advice
    }
}
