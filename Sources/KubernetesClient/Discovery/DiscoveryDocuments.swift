import GodwitModel

/// What one discovery document, or several, say about resources.
struct DiscoveredResources: Sendable {
    /// Resources in the server's order, subresources left out.
    var resources: [APIResource] = []
    /// A group's preferred version.
    var preferredVersions: [String: String] = [:]
    /// What could not be discovered, and why.
    var failed: [GroupVersion: String] = [:]

    mutating func add(_ other: DiscoveredResources) {
        resources += other.resources
        preferredVersions.merge(other.preferredVersions) { first, _ in first }
        failed.merge(other.failed) { first, _ in first }
    }
}

/// Reads the documents of a server's discovery.
enum DiscoveryDocuments {
    /// The media types of aggregated discovery, and plain JSON for servers that know none of them.
    static let accept = """
        application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
        application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json
        """

    /// `/api` or `/apis` in whichever form the server gave it.
    enum Root {
        /// Aggregated: everything is there.
        case complete(DiscoveredResources)
        /// The group versions that have documents of their own.
        case groupVersions([GroupVersion], preferredVersions: [String: String])
    }

    static func root(_ document: JSONValue) -> Root? {
        switch document["kind"]?.string {
        case "APIGroupDiscoveryList": .complete(aggregated(document))
        case "APIVersions": .groupVersions(coreVersions(document), preferredVersions: [:])
        case "APIGroupList": groups(document)
        default: nil
        }
    }

    private static func coreVersions(_ document: JSONValue) -> [GroupVersion] {
        (document["versions"]?.array ?? []).compactMap(\.string).map { GroupVersion(group: "", version: $0) }
    }

    private static func groups(_ document: JSONValue) -> Root {
        var versions: [GroupVersion] = []
        var preferred: [String: String] = [:]
        for group in document["groups"]?.array ?? [] {
            guard let name = group["name"]?.string else { continue }
            preferred[name] = group[path: "preferredVersion", "version"]?.string
            versions += (group["versions"]?.array ?? []).compactMap { $0["version"]?.string }
                .map { GroupVersion(group: name, version: $0) }
        }
        return .groupVersions(versions, preferredVersions: preferred)
    }

    /// An APIGroupDiscoveryList (apidiscovery.k8s.io, v2 or v2beta1). A group's first version is its preferred one.
    private static func aggregated(_ document: JSONValue) -> DiscoveredResources {
        var found = DiscoveredResources()
        for group in document["items"]?.array ?? [] {
            let name = group[path: "metadata", "name"]?.string ?? ""
            let versions = group["versions"]?.array ?? []
            found.preferredVersions[name] = versions.first?["version"]?.string
            for entry in versions {
                guard let version = entry["version"]?.string else { continue }
                let groupVersion = GroupVersion(group: name, version: version)
                guard entry["freshness"]?.string != "Stale" else {
                    found.failed[groupVersion] = "the server that serves it does not answer"
                    continue
                }
                found.resources += (entry["resources"]?.array ?? []).compactMap { aggregatedResource($0, groupVersion) }
            }
        }
        return found
    }

    private static func aggregatedResource(_ entry: JSONValue, _ groupVersion: GroupVersion) -> APIResource? {
        // A resource that has only subresources comes without a kind.
        guard let plural = entry["resource"]?.string, isName(plural),
            let kind = entry[path: "responseKind", "kind"]?.string, !kind.isEmpty
        else { return nil }
        return APIResource(
            groupVersion: groupVersion, plural: plural, singular: entry["singularResource"]?.string ?? "", kind: kind,
            isNamespaced: entry["scope"]?.string == "Namespaced", verbs: Set(texts(entry["verbs"])),
            shortNames: texts(entry["shortNames"]), categories: texts(entry["categories"]))
    }

    /// An APIResourceList; nil when the document is something else.
    static func resources(_ document: JSONValue, of groupVersion: GroupVersion) -> [APIResource]? {
        guard document["kind"]?.string == "APIResourceList" else { return nil }
        return (document["resources"]?.array ?? []).compactMap { entry in
            guard let plural = entry["name"]?.string, isName(plural), let kind = entry["kind"]?.string, !kind.isEmpty
            else { return nil }
            return APIResource(
                groupVersion: groupVersion, plural: plural, singular: entry["singularName"]?.string ?? "", kind: kind,
                isNamespaced: entry["namespaced"]?.bool ?? false, verbs: Set(texts(entry["verbs"])),
                shortNames: texts(entry["shortNames"]), categories: texts(entry["categories"]))
        }
    }

    /// Names become folders of a backup and segments of URLs, so a strange one is not a resource; nor is one with a
    /// slash, which is a subresource.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    private static func texts(_ value: JSONValue?) -> [String] { (value?.array ?? []).compactMap(\.string) }
}
