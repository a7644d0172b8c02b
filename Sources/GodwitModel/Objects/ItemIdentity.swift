/// Which object an item is: its resource, its namespace if it has one, its name.
public struct ItemIdentity: Hashable, Sendable, Comparable, CustomStringConvertible, Codable {
    /// The resource, without version.
    public let resource: GroupResource
    /// The namespace; nil for a cluster-scoped object.
    public let namespace: String?
    /// The name.
    public let name: String

    /// Names an object.
    public init(resource: GroupResource, namespace: String?, name: String) {
        self.resource = resource
        self.namespace = namespace.flatMap { $0.isEmpty ? nil : $0 }
        self.name = name
    }

    /// `secrets/shop/database`, or `storageclasses.storage.k8s.io/fast` for a cluster-scoped object.
    public var description: String {
        if let namespace { "\(resource)/\(namespace)/\(name)" } else { "\(resource)/\(name)" }
    }

    /// Orders by resource, namespace (cluster-scoped first), name.
    public static func < (left: ItemIdentity, right: ItemIdentity) -> Bool {
        (left.resource, left.namespace ?? "", left.name) < (right.resource, right.namespace ?? "", right.name)
    }
}
