import Foundation
public import GodwitModel
import KubernetesClient

/// What came of a backup.
public struct BackupReport: Sendable {
    /// The backup with its status.
    public let backup: Backup
    /// Warnings and errors.
    public let results: ResultSet
}

/// Carries out plans of backups.
public struct BackupRunner: Sendable {
    private let catalog: BackupCatalog

    /// A runner that writes to a location.
    public init(catalog: BackupCatalog) { self.catalog = catalog }

    /// Carries out a plan: reads the items, stores them, and makes the backup exist at the very end.
    ///
    /// What cannot be read is recorded and makes the backup `PartiallyFailed`. When the store fails, the source refuses
    /// the login, or the task is cancelled, nothing of the backup stays, as far as the store can be reached.
    ///
    /// - Throws: ``BackupStorageError`` when the name is taken; the store's errors; the source's when nothing more can
    ///   come of it.
    public func run(_ prepared: PreparedBackup, observer: @escaping RunObserver) async throws -> BackupReport {
        var backup = prepared.request.backup
        backup.status = BackupStatus()
        backup.status.started = Date()
        backup.annotations.merge(
            [
                "velero.io/source-cluster-k8s-gitversion": prepared.version.gitVersion,
                "velero.io/source-cluster-k8s-major-version": prepared.version.major,
                "velero.io/source-cluster-k8s-minor-version": prepared.version.minor,
            ], uniquingKeysWith: { _, new in new })
        if !backup.spec.storageLocation.isEmpty {
            backup.labels["velero.io/storage-location"] = backup.spec.storageLocation
        }
        // Reading changes nothing, so the source works on its first answers while the name is being reserved.
        let listings = try prepared.listings()
        defer { listings.cancel() }
        listings.begin()
        let reservation = try await catalog.reserve(backup: backup.name)
        let log = RunLog(of: prepared.request.format)
        let recorder = RunRecorder(log: log, observer: observer)
        prepared.request.log?.connect { recorder.note($0, isDetail: !$0.level.isForPeople) }
        defer { prepared.request.log?.disconnect() }
        let writer: any BackupWriter
        do {
            writer = try makeWriter(prepared.request, reservation, log, recorder)
        } catch {
            await reservation.release()
            throw error
        }
        if reservation.followsSnapshots { recorder.warn(DeadRunsSnapshots(backup: backup.name).description) }
        let volumes = VolumeBackupStage(prepared, reservation: reservation, recorder: recorder)
        do {
            let started = backup
            let report = try await reservation.whileHeld {
                try await write(started, prepared, listings, writer, volumes, recorder)
            }
            await volumes.end()
            return report
        } catch {
            // A storage error here says that the name belongs to another run by now, and so do the files.
            let storageError = error as? BackupStorageError
            let isGone = await writer.discard(removingFiles: storageError == nil)
            // Who has taken the name has shown that what exists is not this backup.
            if !isGone, storageError?.kind != .nameTaken { volumes.leaveSnapshots() }
            // Last, so that at no moment there is a backup without its snapshots.
            await volumes.end()
            throw error
        }
    }

    private func write(
        _ backup: Backup, _ prepared: PreparedBackup, _ listings: ListingWindow, _ writer: any BackupWriter,
        _ volumes: VolumeBackupStage, _ recorder: RunRecorder
    ) async throws -> BackupReport {
        recorder.info("backing up \(prepared.plan.source), Kubernetes \(prepared.plan.serverVersion)")
        var collector = BackupCollector(
            prepared, listings: listings, writer: writer, recorder: recorder, started: backup.status.started ?? Date())
        try await collector.run()
        recorder.begin("finishing")
        let stored = try await writer.finishItems()
        let records = try await volumes.run(collector.output.survey ?? VolumeSurvey())
        recorder.begin("finishing")
        var backup = backup
        let outcome = recorder.outcome
        guard stored > 0 || outcome.errors == 0 else {
            let errors = outcome.results.errors
            let first = errors.general.first ?? errors.cluster.first ?? errors.namespaces.values.first?.first
            throw NothingReadError(source: prepared.plan.source, errors: outcome.errors, first: first)
        }
        backup.status.itemsBackedUp = stored
        backup.status.totalItems = max(outcome.items, stored)
        backup.status.warnings = outcome.warnings
        backup.status.errors = outcome.errors
        backup.status.phase = outcome.errors == 0 ? .completed : .partiallyFailed
        let completed = Date()
        backup.status.completed = completed
        backup.status.expires = completed.addingTimeInterval(
            TimeInterval(backup.spec.timeToLive.components.seconds))
        recorder.info("\(stored) items, \(outcome.warnings) warnings, \(outcome.errors) errors")
        try await writer.publish(backup, results: outcome.results, volumes: records)
        volumes.keepSnapshots()
        return BackupReport(backup: backup, results: outcome.results)
    }

    private func makeWriter(
        _ request: BackupRequest, _ reservation: NameReservation, _ log: RunLog, _ recorder: RunRecorder
    ) throws -> any BackupWriter {
        var options = BackupWriterOptions()
        options.compression = request.compression
        options.rejected = { identity, error in recorder.fail("\(error)", about: identity) }
        return switch request.format {
        case .godwit:
            try NativeBackupWriter(catalog: catalog, reservation: reservation, log: log, options: options)
        case .velero:
            try VeleroBackupWriter(catalog: catalog, reservation: reservation, log: log, options: options)
        }
    }
}
