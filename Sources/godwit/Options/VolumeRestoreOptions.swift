import ArgumentParser
import GodwitEngine
import GodwitModel

/// What a restore does about the data of volumes.
struct VolumeRestoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Fill the volumes of restored claims with the backup's data, or make them of its snapshots, before the workloads are restored.",
            valueName: "true|false"))
    var restoreVolumes: Bool?

    @Option(
        help: ArgumentHelp("Read volumes back after they were filled, and compare everything.", valueName: "true|false")
    )
    var verifyVolumes = false

    @OptionGroup var places: VolumePlaceOptions

    func validate() throws {
        if restoreVolumes == false, verifyVolumes || !places.volumePath.isEmpty || places.kubeletRoot != nil {
            throw ValidationError(
                "--verify-volumes, --volume-path and --kubelet-root make no sense with --restore-volumes false")
        }
    }

    /// The settings as the engine takes them; nil when no data is restored.
    func settings(
        of stored: StoredBackup, _ catalog: BackupCatalog, _ cluster: ClusterOptions, _ storage: StorageOptions,
        _ global: GlobalOptions, isDryRun: Bool
    ) async throws -> VolumeRestoreSettings? {
        guard restoreVolumes ?? true else { return nil }
        let records: [VolumeRecord]
        do {
            records = try await catalog.restorableVolumes(of: stored)
        } catch let error as BackupStorageError {
            throw DamagedVolumesError(backup: stored.backup.name, cause: error)
        }
        guard !records.isEmpty else { return nil }
        let mover = try places.mover(cluster, storage, global)
        // A password that does not fit should not be found out when half of the objects are there.
        if !isDryRun, records.contains(where: { $0.data != nil }) { try await mover.prepare() }
        var settings = VolumeRestoreSettings(records: records, mover: mover)
        settings.verifies = verifyVolumes
        settings.mounts = places.mounts(timeout: nil)
        if records.contains(where: { $0.snapshot != nil }) {
            settings.snapshots = try SnapshotLocations.configured(global, cluster: cluster)
        }
        return settings
    }
}

/// Nobody knows which volumes the backup has the data of.
struct DamagedVolumesError: AdvisedError {
    let backup: String
    let cause: BackupStorageError
    var summary: String { "backup '\(backup)' cannot be restored with its volumes" }
    var reason: String? { cause.reason ?? cause.summary }
    var advice: String? {
        "restore its objects with --restore-volumes false; 'godwit volume snapshots' shows what there is of its volumes, for "
            + "'godwit volume restore'"
    }
}
