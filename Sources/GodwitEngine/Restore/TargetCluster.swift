import GodwitModel
import KubernetesClient

/// The cluster as a restore writes to it; the one place where a dry run differs from a real one.
struct TargetCluster: Sendable {
    /// The cluster itself, for reading.
    let cluster: any Cluster
    /// Ask, and change nothing.
    let isDryRun: Bool

    /// A cluster that cannot be asked is not written to at all.
    private var mayWrite: Bool { !isDryRun || cluster.capabilities.dryRun }
    private var options: WriteOptions { WriteOptions(isDryRun: isDryRun) }

    func get(_ place: Place) async throws -> Item? {
        try await cluster.get(place.resource, namespace: place.namespace, name: place.name)
    }

    func create(_ object: KubernetesObject, at place: Place) async throws -> Item {
        let text = object.serialized()
        if mayWrite {
            return try await cluster.create(
                place.resource, namespace: place.namespace, object: text, options: options)
        }
        guard try await get(place) == nil else {
            throw ClusterError(
                .alreadyExists, operation: "create \(place.identity)", cluster: cluster.description)
        }
        return Item(
            bytes: text, metadata: try ItemMetadata(scanning: text), resource: place.resource.groupResource)
    }

    /// Changes an object by a merge patch; gives nil where nothing was asked.
    func patch(_ place: Place, _ patch: JSONValue, subresource: String? = nil) async throws -> Item? {
        guard mayWrite else { return nil }
        return try await cluster.patch(
            place.resource, namespace: place.namespace, name: place.name, patch: Patch(.merge, patch.serialized()),
            subresource: subresource, options: options)
    }

    /// Deletes exactly the object that was read.
    func delete(_ existing: Item, at place: Place) async throws {
        guard mayWrite else { return }
        let uid = existing.metadata.uid
        do {
            try await cluster.delete(
                place.resource, namespace: place.namespace, name: place.name,
                options: DeleteOptions(
                    propagation: .background, uid: uid.isEmpty ? nil : uid, isDryRun: isDryRun))
        } catch let error as ClusterError where error.kind == .notFound {}
    }
}

/// Where an object is in a cluster.
struct Place: Sendable {
    let resource: APIResource
    let namespace: String?
    let name: String

    /// The place of an object.
    init(_ resource: APIResource, _ object: KubernetesObject) {
        self.init(resource, namespace: object.namespace, name: object.name)
    }

    init(_ resource: APIResource, namespace: String? = nil, name: String) {
        self.resource = resource
        self.namespace = resource.isNamespaced ? namespace : nil
        self.name = name
    }

    var identity: ItemIdentity {
        ItemIdentity(resource: resource.groupResource, namespace: namespace, name: name)
    }
}
