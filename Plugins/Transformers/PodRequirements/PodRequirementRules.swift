public import GodwitModel

/// What pods no longer ask of the cluster: patterns of names, each list for its own field.
public struct PodRequirementRules: Sendable, Hashable {
    /// Labels of nodes, in node selectors and node affinity.
    public let nodeLabels: [Glob]
    /// Keys of taints that are tolerated. A toleration of everything has an empty key, which `*` fits.
    public let taints: [Glob]
    /// Priority classes.
    public let priorityClasses: [Glob]
    /// Service accounts; pods then run as `default`.
    public let serviceAccounts: [Glob]

    /// Reads the patterns.
    ///
    /// - Throws: `GlobError` for the first one that is none.
    public init(
        nodeLabels: [String] = [], taints: [String] = [], priorityClasses: [String] = [],
        serviceAccounts: [String] = []
    ) throws(GlobError) {
        self.nodeLabels = try Self.globs(nodeLabels)
        self.taints = try Self.globs(taints)
        self.priorityClasses = try Self.globs(priorityClasses)
        self.serviceAccounts = try Self.globs(serviceAccounts)
    }

    /// Whether nothing is asked for.
    public var isEmpty: Bool {
        nodeLabels.isEmpty && taints.isEmpty && priorityClasses.isEmpty && serviceAccounts.isEmpty
    }

    private static func globs(_ patterns: [String]) throws(GlobError) -> [Glob] {
        var globs: [Glob] = []
        for pattern in patterns { globs.append(try Glob(pattern)) }
        return globs
    }
}

extension [Glob] {
    func matches(_ name: String?) -> Bool { contains { $0.matches(name ?? "") } }
}
