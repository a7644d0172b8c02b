import GodwitModel

/// The paths of items in a tarball: `resources/<plural.group>/namespaces/<namespace>/<name>.json`, or
/// `resources/<plural.group>/cluster/<name>.json`. Names stand as they are, as Velero writes them.
enum ItemPath {
    /// The file that names the format's version.
    static let version = "metadata/version"

    /// What a path says.
    struct Parsed: Hashable {
        let identity: ItemIdentity
        /// The version folder without its suffix; nil in the plain form.
        let version: String?
        /// Whether the version folder is marked as the preferred one.
        let isPreferredVersion: Bool
    }

    /// The path of an item; with a version, that of Velero's second copy.
    static func path(_ identity: ItemIdentity, preferredVersion: String? = nil) -> String {
        var path = "resources/"
        path += identity.resource.description
        if let preferredVersion {
            path += "/"
            path += preferredVersion
            path += preferredSuffix
        }
        if let namespace = identity.namespace {
            path += "/namespaces/"
            path += namespace
            path += "/"
        } else {
            path += "/cluster/"
        }
        path += identity.name
        path += ".json"
        return path
    }

    /// Reads a path; nil for anything that is not an item.
    static func parse(_ path: String) -> Parsed? {
        var parts = path.split(separator: "/", omittingEmptySubsequences: true)[...]
        guard parts.popFirst() == "resources", let resource = parts.popFirst(), !parts.isEmpty else { return nil }
        var version: Substring?
        if let first = parts.first, first != "namespaces", first != "cluster" {
            version = first
            parts.removeFirst()
        }
        let scope = parts.popFirst()
        let namespace: Substring? = scope == "namespaces" ? parts.popFirst() : nil
        guard scope == "cluster" || namespace != nil, let file = parts.popFirst(), parts.isEmpty,
            file.hasSuffix(".json"), file.utf8.count > 5
        else { return nil }
        let isPreferred = version?.hasSuffix(preferredSuffix) ?? false
        return Parsed(
            identity: ItemIdentity(
                resource: GroupResource(parsing: resource), namespace: namespace.map(String.init),
                name: String(file.dropLast(5))),
            version: version.map { String(isPreferred ? $0.dropLast(preferredSuffix.utf8.count) : $0) },
            isPreferredVersion: isPreferred)
    }

    private static let preferredSuffix = "-preferredversion"
}
