/// Everything a server serves: each resource at each version, and which version the server prefers.
public struct APIResourceCatalog: Sendable {
    /// Every resource at every version, subresources left out, in the server's order.
    public let all: [APIResource]
    /// Groups whose discovery failed, such as an aggregated API whose backend is down, with the reason.
    public let failedGroups: [GroupVersion: String]
    /// Each resource once, at the version that the server prefers (or the first one that serves it).
    public let preferred: [APIResource]

    private let byGroupResource: [GroupResource: APIResource]
    private let byName: [String: [APIResource]]
    private let byKind: [KindKey: APIResource]

    private struct KindKey: Hashable, Sendable {
        let groupVersion: GroupVersion
        let kind: String
    }

    /// Builds a catalogue.
    ///
    /// - Parameters:
    ///   - resources: every resource at every version; of equal group and plural the first counts as preferred
    ///     unless `preferredVersions` names another.
    ///   - preferredVersions: a group's preferred version.
    ///   - failedGroups: what could not be discovered, and why.
    public init(
        _ resources: [APIResource], preferredVersions: [String: String] = [:],
        failedGroups: [GroupVersion: String] = [:]
    ) {
        all = resources
        self.failedGroups = failedGroups
        var chosen: [GroupResource: APIResource] = [:]
        var order: [GroupResource] = []
        for resource in resources {
            let key = resource.groupResource
            if chosen[key] == nil {
                order.append(key)
                chosen[key] = resource
            } else if resource.groupVersion.version == preferredVersions[key.group] {
                chosen[key] = resource
            }
        }
        preferred = order.compactMap { chosen[$0] }
        byGroupResource = chosen
        var names: [String: [APIResource]] = [:]
        for resource in preferred {
            let spellings = Set(
                [resource.plural, resource.singular, resource.kind.lowercased()] + resource.shortNames)
            for name in spellings where !name.isEmpty { names[name, default: []].append(resource) }
        }
        byName = names
        byKind = Dictionary(
            resources.map { (KindKey(groupVersion: $0.groupVersion, kind: $0.kind), $0) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The resource at its preferred version.
    public subscript(groupResource: GroupResource) -> APIResource? { byGroupResource[groupResource] }

    /// The resource of an object's `apiVersion` and `kind`.
    public func resource(_ groupVersion: GroupVersion, kind: String) -> APIResource? {
        byKind[KindKey(groupVersion: groupVersion, kind: kind)]
    }

    /// The resource as served at one version.
    public func resource(_ groupResource: GroupResource, version: String) -> APIResource? {
        all.first { $0.groupResource == groupResource && $0.groupVersion.version == version }
    }

    /// The versions a server offers of one resource, preferred first.
    public func versions(of groupResource: GroupResource) -> [String] {
        let preferred = byGroupResource[groupResource].map { [$0.groupVersion.version] } ?? []
        let others = all.filter { $0.groupResource == groupResource }.map(\.groupVersion.version)
        return preferred + others.filter { !preferred.contains($0) }
    }

    /// Finds what a person typed: plural, singular, kind or short name, alone or followed by `.group` or
    /// `.version.group`. A name alone that several groups share finds all of them, the core group first.
    public func find(_ typed: String) -> [APIResource] {
        let text = typed.lowercased()
        if let found = byName[text] {
            return found.sorted { $0.groupVersion.group.isEmpty && !$1.groupVersion.group.isEmpty }
        }
        guard let dot = text.firstIndex(of: "."), let candidates = byName[String(text[..<dot])] else { return [] }
        let suffix = String(text[text.index(after: dot)...])
        let exact = candidates.filter { $0.groupVersion.group == suffix }
        if !exact.isEmpty { return exact }
        // The version that was typed need not be the preferred one.
        return candidates.flatMap { candidate in
            all.filter {
                $0.groupResource == candidate.groupResource
                    && "\($0.groupVersion.version).\($0.groupVersion.group)" == suffix
            }
        }
    }
}
