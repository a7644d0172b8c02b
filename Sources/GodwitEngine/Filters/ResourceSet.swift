import GodwitModel

/// Resources given as includes and excludes, resolved.
struct ResourceSet: Sendable {
    private struct Matcher: Sendable {
        var exact: Set<GroupResource> = []
        var patterns: [Glob] = []

        var isEmpty: Bool { exact.isEmpty && patterns.isEmpty }

        func matches(_ resource: GroupResource) -> Bool {
            if exact.contains(resource) { return true }
            guard !patterns.isEmpty else { return false }
            let full = resource.description
            return patterns.contains { $0.matches(full) || $0.matches(resource.resource) }
        }
    }

    private var included = Matcher()
    private var excluded = Matcher()
    let hasIncludes: Bool
    /// Whether everything was asked for by name: `*`.
    let includesEverything: Bool

    /// What becomes of a name without wildcards that nothing serves.
    enum UnknownNames {
        /// It is an error: a person mistyped it.
        case areRefused
        /// It stands for `plural.group`: a program named it.
        case areTaken
    }

    init(
        _ spec: IncludesExcludesSpec, catalog: APIResourceCatalog, unknownNames: UnknownNames = .areRefused
    ) throws {
        hasIncludes = !spec.included.isEmpty && !spec.included.contains("*")
        includesEverything = spec.included.contains("*")
        if hasIncludes { included = try Self.matcher(spec.included, catalog, unknownNames) }
        excluded = try Self.matcher(spec.excluded, catalog, unknownNames)
    }

    private static func matcher(
        _ names: [String], _ catalog: APIResourceCatalog, _ unknownNames: UnknownNames
    ) throws -> Matcher {
        var matcher = Matcher()
        for name in names {
            let glob = try Glob(name)
            guard glob.isLiteral else {
                matcher.patterns.append(glob)
                continue
            }
            let found = catalog.find(name)
            guard !found.isEmpty else {
                if unknownNames == .areTaken {
                    matcher.exact.insert(GroupResource(parsing: name.lowercased()))
                    continue
                }
                throw ItemFilterError(
                    "no resource is called '\(name)'",
                    advice: "use a name that 'kubectl api-resources' shows, such as deployments or deployments.apps")
            }
            // A name alone means the core group's resource, or all groups that share it; as kubectl, the first group.
            if name.contains(".") {
                matcher.exact.formUnion(found.map(\.groupResource))
            } else if let first = found.first {
                matcher.exact.insert(first.groupResource)
                if !first.groupVersion.group.isEmpty { matcher.exact.formUnion(found.map(\.groupResource)) }
            }
        }
        return matcher
    }

    func excludes(_ resource: GroupResource) -> Bool { excluded.matches(resource) }

    /// Whether the set leaves nothing out.
    var isEverything: Bool { !hasIncludes && excluded.isEmpty }

    func includesExplicitly(_ resource: GroupResource) -> Bool {
        includesEverything || (hasIncludes && included.matches(resource))
    }

    func contains(_ resource: GroupResource) -> Bool {
        !excludes(resource) && (!hasIncludes || included.matches(resource))
    }
}
