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
    private let currentCatalog: Mutex<APIResourceCatalog>

    init(_ prepared: PreparedRestore) {
        request = prepared.request
        index = prepared.index
        selection = prepared.selection
        currentCatalog = Mutex(prepared.catalog)
    }

    var restore: Restore { request.restore }
    var cluster: any Cluster { request.cluster }
    var writeOptions: WriteOptions { WriteOptions(isDryRun: request.isDryRun) }

    /// What the target cluster serves.
    var catalog: APIResourceCatalog {
        get { currentCatalog.withLock { $0 } }
        set { currentCatalog.withLock { $0 = newValue } }
    }

    func existing(_ identity: ItemIdentity) async throws -> KubernetesObject? {
        guard let resource = catalog[identity.resource] else { return nil }
        let item = try await cluster.get(resource, namespace: identity.namespace, name: identity.name)
        return try item.map { try KubernetesObject(parsing: $0.bytes) }
    }

    func backedUp(_ identity: ItemIdentity) async throws -> KubernetesObject? {
        guard let row = index.row(identity) else { return nil }
        return try KubernetesObject(parsing: try await read(row).bytes)
    }

    func backupContains(_ identity: ItemIdentity) -> Bool { index.row(identity) != nil }

    func willRestore(_ identity: ItemIdentity) -> Bool { index.row(identity).map(selection.contains) ?? false }

    /// Reads one item of the backup.
    func read(_ row: BackupIndex.Row) async throws -> Item {
        for try await batch in request.contents.items([index[row]]) {
            if let stored = batch.first { return try stored.item.get() }
        }
        throw BackupStorageError(
            .damaged, subject: "item \(index[row].identity)", store: request.restore.spec.backupName)
    }
}
