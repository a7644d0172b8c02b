import GodwitModel
import KubernetesClient

/// Knows which claims a cluster deletes together with another object.
///
/// Who is deleted takes along what names it in `ownerReferences`, and what names that: the claims of an operator's custom
/// resource, or of a StatefulSet with `persistentVolumeClaimRetentionPolicy`. With the claim goes the volume.
struct ClaimOwners: Sendable {
    private let context: ExecutionContext

    /// How many owners are looked through above a claim.
    private static let depth = 8

    init(_ context: ExecutionContext) { self.context = context }

    /// A claim that would go with an object; nil where there is none.
    ///
    /// - Throws: the cluster's errors: whether there is one must be known before anything is deleted.
    func claim(goingWith object: KubernetesObject, at place: Place) async throws -> ClaimName? {
        guard Self.mayOwnClaims(place.resource.groupResource), context.target.cluster.capabilities.controlPlane,
            let claims = context.catalog[.persistentVolumeClaims],
            let uid = object[path: "metadata", "uid"]?.string, !uid.isEmpty
        else { return nil }
        var known: [String: [ItemMetadata.Owner]] = [:]
        let stream = context.target.cluster.list(claims, namespace: place.namespace, options: ListOptions())
        for try await batch in stream {
            for item in batch where !item.metadata.owners.isEmpty {
                guard let claim = ClaimName(item.identity) else { continue }
                if try await leads(item.metadata.owners, to: uid, in: claim.namespace, &known) { return claim }
            }
        }
        return nil
    }

    /// Of Kubernetes' own kinds only StatefulSets own claims that are meant to last.
    private static func mayOwnClaims(_ resource: GroupResource) -> Bool {
        if resource == GroupResource(group: "apps", resource: "statefulsets") { return true }
        return resource.group.contains(".") && !builtIn.contains(resource.group)
    }

    private static let builtIn: Set<String> = [
        "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "authentication.k8s.io",
        "authorization.k8s.io", "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io",
        "flowcontrol.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io", "rbac.authorization.k8s.io",
        "scheduling.k8s.io", "storage.k8s.io",
    ]

    /// Whether an object is among owners, or theirs.
    private func leads(
        _ owners: [ItemMetadata.Owner], to uid: String, in namespace: String,
        _ known: inout [String: [ItemMetadata.Owner]]
    ) async throws -> Bool {
        var level = owners
        for _ in 0..<Self.depth where !level.isEmpty {
            if level.contains(where: { $0.uid == uid }) { return true }
            var next: [ItemMetadata.Owner] = []
            for owner in level {
                if known[owner.uid] == nil { known[owner.uid] = try await self.owners(of: owner, in: namespace) }
                next += known[owner.uid] ?? []
            }
            level = next
        }
        return false
    }

    /// The owners of an owner; none of one that is gone.
    private func owners(of owner: ItemMetadata.Owner, in namespace: String) async throws -> [ItemMetadata.Owner] {
        let version = GroupVersion(apiVersion: owner.apiVersion)
        guard let resource = context.catalog.resource(version, kind: owner.kind) else { return [] }
        let place = Place(resource, namespace: namespace, name: owner.name)
        guard let item = try await context.target.get(place), item.metadata.uid == owner.uid else { return [] }
        return item.metadata.owners
    }
}
