public import GodwitModel
public import GodwitPluginAPI
public import KubernetesClient

/// A cluster as plugins see it. It is opened, and asked what it serves, when that is first needed.
public actor ClusterObjects: ClusterAccess {
    /// The cluster in words.
    public nonisolated let description: String
    private let open: @Sendable () async throws -> any Cluster
    private var opening: Task<(any Cluster, APIResourceCatalog), any Error>?

    /// A cluster.
    ///
    /// - Parameter open: opens it.
    public init(description: String, open: @escaping @Sendable () async throws -> any Cluster) {
        self.description = description
        self.open = open
    }

    /// A cluster that is open already.
    public init(_ cluster: any Cluster, _ catalog: APIResourceCatalog) {
        description = cluster.description
        open = { cluster }
        opening = Task { (cluster, catalog) }
    }

    private func connected() async throws -> (cluster: any Cluster, catalog: APIResourceCatalog) {
        let task =
            opening
            ?? Task { [open] in
                let cluster = try await open()
                return (cluster, try await cluster.discover())
            }
        opening = task
        do {
            return try await task.value
        } catch {
            opening = nil
            throw error
        }
    }

    /// Whether the cluster serves a resource.
    public func serves(_ resource: GroupResource) async throws -> Bool {
        try await connected().catalog[resource] != nil
    }

    /// Reads an object.
    public func get(_ identity: ItemIdentity) async throws -> KubernetesObject? {
        let (cluster, catalog) = try await connected()
        guard let resource = catalog[identity.resource] else { return nil }
        let item = try await cluster.get(resource, namespace: identity.namespace, name: identity.name)
        return try item.map { try KubernetesObject(parsing: $0.bytes) }
    }

    /// Reads all objects of a resource.
    public func list(_ resource: GroupResource, namespace: String?) async throws -> [KubernetesObject] {
        let (cluster, catalog) = try await connected()
        guard let resource = catalog[resource] else { return [] }
        var objects: [KubernetesObject] = []
        for try await batch in cluster.list(resource, namespace: namespace, options: ListOptions()) {
            objects += try batch.map { try KubernetesObject(parsing: $0.bytes) }
        }
        return objects
    }

    /// Creates an object.
    public func create(_ object: KubernetesObject, as resource: GroupResource) async throws -> KubernetesObject {
        let (cluster, resource) = try await required(resource)
        var object = object
        object["apiVersion"] = .string(resource.groupVersion.description)
        object["kind"] = .string(resource.kind)
        let item = try await cluster.create(
            resource, namespace: object.namespace, object: object.serialized(), options: WriteOptions())
        return try KubernetesObject(parsing: item.bytes)
    }

    /// Changes an object.
    public func patch(_ identity: ItemIdentity, with patch: JSONValue) async throws -> KubernetesObject {
        let (cluster, resource) = try await required(identity.resource)
        let item = try await cluster.patch(
            resource, namespace: identity.namespace, name: identity.name, patch: Patch(.merge, patch.serialized()),
            subresource: nil, options: WriteOptions())
        return try KubernetesObject(parsing: item.bytes)
    }

    /// Deletes an object.
    public func delete(_ identity: ItemIdentity) async throws {
        let (cluster, catalog) = try await connected()
        guard let resource = catalog[identity.resource] else { return }
        do {
            try await cluster.delete(
                resource, namespace: identity.namespace, name: identity.name,
                options: DeleteOptions(propagation: .background, uid: nil, isDryRun: false))
        } catch let error as ClusterError where error.kind == .notFound {
            // As it should be.
        }
    }

    private func required(_ resource: GroupResource) async throws -> (any Cluster, APIResource) {
        let (cluster, catalog) = try await connected()
        guard let found = catalog[resource] else {
            throw ClusterError(
                .notFound, operation: "find the resource \(resource)", cluster: cluster.description,
                reason: "the cluster does not serve it")
        }
        return (cluster, found)
    }
}
