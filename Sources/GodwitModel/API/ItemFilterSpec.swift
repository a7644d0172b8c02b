/// Which items a backup or restore takes, as typed: Velero's filter fields.
public struct ItemFilterSpec: Sendable, Hashable {
    /// Namespaces, with wildcards.
    public var namespaces = IncludesExcludesSpec()
    /// Resources of either scope; excludes the two scoped sets.
    public var resources = IncludesExcludesSpec()
    /// Cluster-scoped resources; a scoped set.
    public var clusterScopedResources = IncludesExcludesSpec()
    /// Namespaced resources; a scoped set.
    public var namespaceScopedResources = IncludesExcludesSpec()
    /// Cluster-scoped resources: all (true), none (false), or only those that included items need (nil).
    public var includeClusterResources: Bool?
    /// Alternatives: an item must match one of them. Empty means every item; one is Velero's `labelSelector`, several
    /// are its `orLabelSelectors`.
    public var labelSelectors: [LabelSelector] = []

    /// Everything.
    public init() {}

    /// Whether one of the scoped sets is used.
    public var usesScopedResources: Bool {
        clusterScopedResources != IncludesExcludesSpec() || namespaceScopedResources != IncludesExcludesSpec()
    }
}
