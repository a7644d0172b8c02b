import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Synchronization

/// What all parts of a running restore share: the request, the selection, and the cluster's catalogue, which grows
/// when the restore brings CRDs.
final class ExecutionContext: RestoreContext {
    let request: RestoreRequest
    let index: BackupIndex
    let selection: RestoreSelection
    let target: TargetCluster
    let waiter: ObjectWaiter
    let quotas: QuotaPatience
    let unfilled = UnfilledClaims()
    private let claimsWithData: Set<ClaimName>
    private let snapshots: [ClaimName: SnapshotKind]
    private let served: Mutex<ServedResources>

    private struct ServedResources {
        var catalog: APIResourceCatalog
        var resolved: [TargetResource: APIResource?] = [:]
        /// Resources whose CRD a dry run did not create.
        var pretended: Set<GroupResource> = []
    }

    init(_ prepared: PreparedRestore, observer: @escaping RunObserver) {
        request = prepared.request
        index = prepared.index
        selection = prepared.selection
        target = TargetCluster(cluster: prepared.request.cluster, isDryRun: prepared.request.isDryRun)
        waiter = ObjectWaiter(prepared.request)
        quotas = QuotaPatience(timeout: prepared.request.resourceTimeout, observer: observer)
        let records = (request.volumes?.records ?? []).filter(\.isClaimed)
        // Nobody uses the volumes of a directory of manifests.
        let makesVolumes = request.cluster.capabilities.controlPlane
        snapshots = Dictionary(
            records.compactMap { record in
                makesVolumes ? record.source.map { (record.claim, $0.kind) } : nil
            }, uniquingKeysWith: { _, last in last })
        // A claim with a data source is filled by its provisioner, once the snapshot is there.
        claimsWithData = Set(
            records.filter { $0.data != nil || (makesVolumes && $0.snapshot?.kind == .ofClaim) }.map(\.claim))
        served = Mutex(ServedResources(catalog: prepared.catalog))
    }

    var restore: Restore { request.restore }

    /// What the target cluster serves.
    var catalog: APIResourceCatalog {
        get { served.withLock { $0.catalog } }
        set {
            served.withLock { served in
                served.catalog = newValue
                served.resolved = [:]
            }
        }
    }

    /// The resource under which the cluster takes an object; nil when it serves none.
    func resource(for wanted: TargetResource) -> APIResource? {
        served.withLock { served in
            if let known = served.resolved[wanted] { return known }
            let found = wanted.resolve(served.catalog)
            served.resolved[wanted] = .some(found)
            return found
        }
    }

    /// Notes that a real run would make the cluster serve a resource.
    func pretend(toServe resource: GroupResource) { served.withLock { _ = $0.pretended.insert(resource) } }

    /// Whether only a real run would make the cluster serve a resource.
    func pretends(toServe resource: GroupResource) -> Bool { served.withLock { $0.pretended.contains(resource) } }

    func existing(_ identity: ItemIdentity) async throws -> KubernetesObject? {
        guard let resource = catalog[identity.resource] else { return nil }
        let item = try await target.get(Place(resource, namespace: identity.namespace, name: identity.name))
        return try item.map { try KubernetesObject(parsing: $0.bytes) }
    }

    func backedUp(_ identity: ItemIdentity) async throws -> KubernetesObject? {
        guard let row = index.row(identity) else { return nil }
        return try KubernetesObject(parsing: try await read(row).bytes)
    }

    func backupContains(_ identity: ItemIdentity) -> Bool { index.row(identity) != nil }

    func willRestore(_ identity: ItemIdentity) -> Bool { index.row(identity).map(selection.contains) ?? false }

    func mayRestore(_ identity: ItemIdentity) -> Bool { index.row(identity) != nil && selection.admits(identity) }

    func holdsData(of claim: ClaimName) -> Bool { claimsWithData.contains(claim) }

    func snapshot(of claim: ClaimName) -> SnapshotKind? { snapshots[claim] }

    func serves(_ resource: GroupResource, version: String) -> Bool {
        catalog.resource(resource, version: version) != nil
    }

    /// Reads one item of the backup.
    ///
    /// - Throws: ``BackupStorageError`` when the item is damaged, ``RunFailure`` when the store does not give it.
    func read(_ row: BackupIndex.Row) async throws -> Item {
        do {
            for try await batch in request.contents.items([index[row]]) {
                if let stored = batch.first { return try stored.item.get() }
            }
        } catch let error as BackupStorageError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            throw RunFailure(cause: error)
        }
        throw missing(row)
    }

    /// The reader of the backup gave nothing for a row.
    func missing(_ row: BackupIndex.Row) -> BackupStorageError {
        BackupStorageError(
            .damaged, subject: "item \(index.identity(row)) of backup '\(restore.spec.backupName)'",
            store: request.contents.format.rawValue, reason: "it was not found where the index says")
    }
}

/// What decides under which resource an object goes into a cluster.
struct TargetResource: Hashable, Sendable {
    let resource: GroupResource
    let apiVersion: String
    /// Set where an action has made something else of the object: another kind, or another group.
    var kind: String?

    /// The version of the object where it is served, else the preferred one of the same group.
    func resolve(_ catalog: APIResourceCatalog) -> APIResource? {
        let version = GroupVersion(apiVersion: apiVersion)
        guard let kind else {
            return catalog.resource(resource, version: version.version) ?? catalog[resource]
        }
        return catalog.resource(version, kind: kind)
            ?? catalog.preferred.first { $0.groupVersion.group == version.group && $0.kind == kind }
    }
}
