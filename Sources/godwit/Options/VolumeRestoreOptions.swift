import ArgumentParser
import GodwitEngine
import GodwitModel

/// What a restore does about the data of volumes.
struct VolumeRestoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Fill the volumes of restored claims with the backup's data, before the workloads are restored.",
            valueName: "true|false"))
    var restoreVolumes: Bool?

    @Option(
        help: ArgumentHelp("Read volumes back after they were filled, and compare everything.", valueName: "true|false")
    )
    var verifyVolumes = false

    @OptionGroup var places: VolumePlaceOptions

    func validate() throws {
        if restoreVolumes == false, verifyVolumes || !places.volumePath.isEmpty {
            throw ValidationError("--verify-volumes and --volume-path make no sense with --restore-volumes false")
        }
    }

    /// The settings as the engine takes them; nil when no data is restored.
    func settings(
        of stored: StoredBackup, _ catalog: BackupCatalog, _ cluster: ClusterOptions, _ storage: StorageOptions,
        _ global: GlobalOptions
    ) async throws -> VolumeRestoreSettings? {
        guard restoreVolumes ?? true else { return nil }
        let records = try await catalog.volumes(of: stored)
        guard !records.isEmpty else { return nil }
        var settings = VolumeRestoreSettings(
            records: records, mover: try places.mover(cluster, storage, global))
        settings.verifies = verifyVolumes
        return settings
    }
}
