import GodwitModel
public import GodwitPluginAPI
import Streams
import VolumeRepository

/// Deletes backups, and what dead runs left under their names.
public struct BackupDeleter: Sendable {
    private let catalog: BackupCatalog
    private let actions: [any DeleteItemAction]
    private let snapshots: SnapshotLocations?

    /// A deleter for a location.
    ///
    /// - Parameter snapshots: where snapshots of volumes are; nil leaves them, with warnings.
    public init(
        catalog: BackupCatalog, actions: [any DeleteItemAction] = [], snapshots: SnapshotLocations? = nil
    ) {
        self.catalog = catalog
        self.actions = actions
        self.snapshots = snapshots
    }

    /// Deletes a backup: the actions see its items first, and the storages delete its snapshots of volumes; then goes
    /// what makes it exist, so that nobody lists a half backup; then the rest, and the records of its restores.
    ///
    /// When an action or the deletion of a snapshot fails, nothing more is deleted unless `ignoringFailures` is set,
    /// because what was to be cleaned up would never be found again. A snapshot whose location is not known here is left
    /// with a warning. Of a backup that its storage keeps, all stays unless `ignoringFailures` is set: a bucket with
    /// versions may let it be deleted all the same, and keep what it was.
    ///
    /// - Throws: ``BackupStorageError`` of kind `notFound`, or `incomplete` while a living run writes the backup;
    ///   `ObjectStoreError` of kind `locked`.
    public func delete(
        backup name: String, ignoringFailures: Bool = false, observer: @escaping RunObserver = { _ in }
    ) async throws -> DeletionReport {
        let reservation = try await catalog.claim(existingBackup: name)
        do {
            if !ignoringFailures { try await requireDeletable(name) }
            var report = try await runActions(name, observer)
            guard report.results.errors.count == 0 || ignoringFailures else {
                await reservation.release()
                return report
            }
            let folder = BackupLayout(name: name).folder
            let records = try await volumes(of: name, reservation, &report, observer)
            try await SnapshotDeletion(snapshots).delete(records, &report, observer)
            guard report.results.errors.count == 0 || ignoringFailures else {
                await reservation.release()
                return report
            }
            let snapshots = records.compactMap { $0.data.flatMap { SnapshotID($0.snapshot) } }
            try await catalog.store.delete(Self.existence(of: name))
            report.isDeleted = true
            try await Repository.removeSnapshots(snapshots, from: catalog.store)
            report.snapshots = snapshots.count
            try await catalog.store.deleteFolder(folder, keeping: [reservation.claimKey])
            try await catalog.store.discardUnfinishedPuts(below: folder)
            report.restores = try await deleteRestores(of: name, &report, observer)
            await reservation.release()
            return report
        } catch {
            await reservation.release()
            throw error
        }
    }

    /// What makes a backup exist, in either format.
    private static func existence(of name: String) -> [String] {
        [BackupLayout(name: name).metadata, VeleroBackupLayout(name: name).metadata]
    }

    /// A backup that its storage keeps is not robbed of what belongs to it.
    private func requireDeletable(_ name: String) async throws {
        for key in Self.existence(of: name) where try await catalog.store.stat(key)?.isLocked == true {
            throw ObjectStoreError(
                .locked, operation: "delete", key: key, store: catalog.store.description,
                reason: "it is kept by a retention or a hold; the backup and its snapshots stay as they are")
        }
    }

    /// The volumes whose snapshots go with the backup. Where they cannot be told, that is an error of the report.
    ///
    /// - Throws: the store's errors, `CancellationError`.
    private func volumes(
        of name: String, _ reservation: NameReservation, _ report: inout DeletionReport, _ observer: RunObserver
    ) async throws -> [VolumeRecord] {
        do {
            return try await catalog.volumes(of: try await catalog.backup(named: name))
        } catch let error as BackupStorageError where [.notFound, .incomplete].contains(error.kind) {
            // What a dead run left has no list of them.
            if reservation.followsSnapshots {
                let warning = DeadRunsSnapshots(backup: name).description
                report.results.warnings.add(warning)
                observer(.log(LogLine(.warning, warning)))
            }
        } catch let error as ObjectStoreError {
            throw error
        } catch {
            try Task.checkCancellation()
            let reason =
                "nobody knows which snapshots of volumes belong to it, and they would stay behind: \("\(error)".printable). "
                + "Those in the repository are shown by 'godwit volume snapshots'; those of storages bear the tag or label "
                + "velero.io/backup=\(name)"
            report.results.errors.add(reason)
            observer(.log(LogLine(.error, reason)))
        }
        return []
    }

    /// A record that the storage protects stays, with a warning.
    private func deleteRestores(
        of name: String, _ report: inout DeletionReport, _ observer: RunObserver
    ) async throws -> [String] {
        var deleted: [String] = []
        for record in try await catalog.restores() {
            guard case .success(let restore) = record.restore, restore.spec.backupName == name else { continue }
            do {
                try await catalog.deleteRestore(named: record.name)
                deleted.append(record.name)
            } catch let error as ObjectStoreError where error.kind == .locked {
                let warning = "the record of restore '\(record.name)' stays: \(error.description.printable)"
                report.results.warnings.add(warning)
                observer(.log(LogLine(.warning, warning)))
            }
        }
        return deleted
    }

    private func runActions(_ name: String, _ observer: RunObserver) async throws -> DeletionReport {
        var report = DeletionReport()
        guard !actions.isEmpty else { return report }
        let contents: any BackupContents
        do {
            contents = try await catalog.open(named: name)
        } catch let error as BackupStorageError where error.kind == .incomplete {
            return report
        }
        let selected = try await selectors(contents)
        try await contents.forEachEntry { entries in
            let wanted = entries.filter { entry in
                // Labels are known only when the item has been read.
                selected.contains { $0.selector.matches(entry.identity.resource) }
            }
            for try await batch in contents.items(wanted) {
                for stored in batch { await run(selected, stored, contents.backup, &report, observer) }
            }
        }
        await contents.close()
        return report
    }

    private typealias Selected = (action: any DeleteItemAction, selector: ActionSelector)

    /// The names in the actions' selectors mean the resources that the backup holds.
    private func selectors(_ contents: any BackupContents) async throws -> [Selected] {
        var resources: [GroupResource: APIResource] = [:]
        try await contents.forEachEntry { entries in
            for entry in entries where resources[entry.identity.resource] == nil {
                resources[entry.identity.resource] = APIResource(
                    groupVersion: GroupVersion(apiVersion: entry.apiVersion), plural: entry.identity.resource.resource,
                    kind: entry.kind, isNamespaced: entry.identity.namespace != nil, verbs: [])
            }
        }
        let known = APIResourceCatalog(resources.values.sorted { $0.groupResource < $1.groupResource })
        return try actions.map { ($0, try ActionSelector($0.appliesTo, ofAction: $0.name, catalog: known)) }
    }

    private func run(
        _ selected: [Selected], _ stored: StoredItem, _ backup: Backup, _ report: inout DeletionReport,
        _ observer: RunObserver
    ) async {
        let identity = stored.entry.identity
        do {
            let item = try stored.item.get()
            let matching = selected.filter {
                $0.selector.matches(
                    identity.resource, namespace: identity.namespace, labels: item.metadata.labels)
            }
            guard !matching.isEmpty else { return }
            let object = try KubernetesObject(parsing: item.bytes)
            for action in matching { try await action.action.execute(object, backup: backup) }
        } catch {
            report.results.errors.add("\(error)", about: identity)
            observer(.log(LogLine(.error, "\(error)", item: identity)))
        }
    }
}

/// What came of a deletion.
public struct DeletionReport: Sendable, Hashable {
    /// Whether the backup is gone.
    public internal(set) var isDeleted = false
    /// Snapshots of volumes that were forgotten with it. What they held is freed by a prune.
    public internal(set) var snapshots = 0
    /// Snapshots of volumes that their storages deleted.
    public internal(set) var storageSnapshots = 0
    /// What could not be cleaned up.
    public internal(set) var results = ResultSet()
    /// The restores whose records were deleted with it.
    public internal(set) var restores: [String] = []
}
