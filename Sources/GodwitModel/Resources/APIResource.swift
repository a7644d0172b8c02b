/// One resource as a server's discovery describes it, at one version.
public struct APIResource: Hashable, Sendable {
    /// Group and version under which the resource is served.
    public let groupVersion: GroupVersion
    /// The plural, lower-case name.
    public let plural: String
    /// The singular, lower-case name; empty where the server does not say.
    public let singular: String
    /// The kind, such as `Deployment`.
    public let kind: String
    /// Whether its objects live in namespaces.
    public let isNamespaced: Bool
    /// What the server allows: `list`, `get`, `create` and so on.
    public let verbs: Set<String>
    /// Short names, such as `deploy`.
    public let shortNames: [String]
    /// Categories, such as `all`.
    public let categories: [String]

    /// Describes a resource.
    public init(
        groupVersion: GroupVersion, plural: String, singular: String = "", kind: String, isNamespaced: Bool,
        verbs: Set<String>, shortNames: [String] = [], categories: [String] = []
    ) {
        self.groupVersion = groupVersion
        self.plural = plural
        self.singular = singular
        self.kind = kind
        self.isNamespaced = isNamespaced
        self.verbs = verbs
        self.shortNames = shortNames
        self.categories = categories
    }

    /// The resource without its version.
    public var groupResource: GroupResource { GroupResource(group: groupVersion.group, resource: plural) }
}
