/// A kind of resource without a version: `deployments` of group `apps`.
public struct GroupResource: Hashable, Sendable, Comparable, CustomStringConvertible, Codable {
    /// The group; empty for the core group.
    public let group: String
    /// The plural, lower-case name.
    public let resource: String

    /// Names a resource.
    public init(group: String = "", resource: String) {
        self.group = group
        self.resource = resource
    }

    /// Reads `plural.group`, or `plural` for the core group.
    public init(parsing text: some StringProtocol) {
        if let dot = text.firstIndex(of: ".") {
            self.init(group: String(text[text.index(after: dot)...]), resource: String(text[..<dot]))
        } else {
            self.init(resource: String(text))
        }
    }

    /// `plural.group`, or `plural` for the core group: the name of the resource's folder in a backup.
    public var description: String { group.isEmpty ? resource : "\(resource).\(group)" }

    /// Orders by the text form.
    public static func < (left: GroupResource, right: GroupResource) -> Bool { left.description < right.description }

    /// Decodes the text form.
    public init(from decoder: any Decoder) throws {
        self.init(parsing: try decoder.singleValueContainer().decode(String.self))
    }

    /// Encodes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension GroupResource {
    /// `customresourcedefinitions.apiextensions.k8s.io`
    public static let customResourceDefinitions = GroupResource(
        group: "apiextensions.k8s.io", resource: "customresourcedefinitions")
    /// `namespaces`
    public static let namespaces = GroupResource(resource: "namespaces")
    /// `pods`
    public static let pods = GroupResource(resource: "pods")
    /// `nodes`
    public static let nodes = GroupResource(resource: "nodes")
    /// `events`
    public static let events = GroupResource(resource: "events")
    /// `persistentvolumes`
    public static let persistentVolumes = GroupResource(resource: "persistentvolumes")
    /// `persistentvolumeclaims`
    public static let persistentVolumeClaims = GroupResource(resource: "persistentvolumeclaims")
    /// `serviceaccounts`
    public static let serviceAccounts = GroupResource(resource: "serviceaccounts")
    /// `secrets`
    public static let secrets = GroupResource(resource: "secrets")
    /// `services`
    public static let services = GroupResource(resource: "services")
    /// `storageclasses.storage.k8s.io`
    public static let storageClasses = GroupResource(group: "storage.k8s.io", resource: "storageclasses")
    /// `clusterroles.rbac.authorization.k8s.io`
    public static let clusterRoles = GroupResource(group: "rbac.authorization.k8s.io", resource: "clusterroles")
    /// `clusterrolebindings.rbac.authorization.k8s.io`
    public static let clusterRoleBindings = GroupResource(
        group: "rbac.authorization.k8s.io", resource: "clusterrolebindings")
    /// `rolebindings.rbac.authorization.k8s.io`
    public static let roleBindings = GroupResource(group: "rbac.authorization.k8s.io", resource: "rolebindings")
    /// `apiservices.apiregistration.k8s.io`
    public static let apiServices = GroupResource(group: "apiregistration.k8s.io", resource: "apiservices")
    /// `jobs.batch`
    public static let jobs = GroupResource(group: "batch", resource: "jobs")
}
