import ArgumentParser
import GodwitModel

/// Which items to take: Velero's flags.
struct FilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Namespaces to include, with wildcards (default: all).", valueName: "names"))
    var includeNamespaces: [CommaSeparated] = []

    @Option(help: ArgumentHelp("Namespaces to exclude.", valueName: "names"))
    var excludeNamespaces: [CommaSeparated] = []

    @Option(help: ArgumentHelp("Resources to include, such as secrets,deployments.apps.", valueName: "resources"))
    var includeResources: [CommaSeparated] = []

    @Option(help: ArgumentHelp("Resources to exclude.", valueName: "resources"))
    var excludeResources: [CommaSeparated] = []

    @Option(
        help: ArgumentHelp(
            "Cluster-scoped resources: all (true), none (false), by default those that included items need.",
            valueName: "true|false"))
    var includeClusterResources: Bool?

    @Option(help: ArgumentHelp("Cluster-scoped resources to include.", valueName: "resources"))
    var includeClusterScopedResources: [CommaSeparated] = []

    @Option(help: ArgumentHelp("Cluster-scoped resources to exclude.", valueName: "resources"))
    var excludeClusterScopedResources: [CommaSeparated] = []

    @Option(help: ArgumentHelp("Namespaced resources to include.", valueName: "resources"))
    var includeNamespaceScopedResources: [CommaSeparated] = []

    @Option(help: ArgumentHelp("Namespaced resources to exclude.", valueName: "resources"))
    var excludeNamespaceScopedResources: [CommaSeparated] = []

    @Option(
        name: [.customShort("l"), .long], help: ArgumentHelp("Only items with these labels.", valueName: "selector"))
    var selector: String?

    @Option(
        help: ArgumentHelp("Only items that match one of several selectors: 'a=b or c=d'.", valueName: "selectors"))
    var orSelector: [String] = []

    func validate() throws {
        _ = try specification()
    }

    /// The filter as the engine takes it.
    func specification() throws -> ItemFilterSpec {
        var spec = ItemFilterSpec()
        spec.namespaces = IncludesExcludesSpec(included: includeNamespaces.joined, excluded: excludeNamespaces.joined)
        spec.resources = IncludesExcludesSpec(included: includeResources.joined, excluded: excludeResources.joined)
        spec.clusterScopedResources = IncludesExcludesSpec(
            included: includeClusterScopedResources.joined, excluded: excludeClusterScopedResources.joined)
        spec.namespaceScopedResources = IncludesExcludesSpec(
            included: includeNamespaceScopedResources.joined, excluded: excludeNamespaceScopedResources.joined)
        spec.includeClusterResources = includeClusterResources
        guard selector == nil || orSelector.isEmpty else {
            throw ValidationError("--selector and --or-selector exclude each other")
        }
        let selectors = selector.map { [$0] } ?? orSelector.flatMap(Self.alternatives)
        spec.labelSelectors = try selectors.map { text in
            do {
                return try LabelSelector(parsing: text)
            } catch {
                throw ValidationError("\(error)")
            }
        }
        return spec
    }

    /// Splits at the word `or`.
    private static func alternatives(_ text: String) -> [String] {
        text.split(separator: " or ").map(String.init)
    }
}
