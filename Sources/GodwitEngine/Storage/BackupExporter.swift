import GodwitModel
import GodwitPluginAPI
import Streams

/// Copies a backup into another location, in the same format or another, in one pass and bounded memory.
public struct BackupExporter: Sendable {
    private let source: BackupCatalog
    private let target: BackupCatalog

    /// An exporter between two locations, which may be the same for a copy under another name.
    public init(from source: BackupCatalog, to target: BackupCatalog) {
        self.source = source
        self.target = target
    }

    /// Copies a backup. Every item is checked on the way; one that is damaged ends the copy, and nothing of it stays.
    /// A log that is missing or cannot be read costs the log only: that is a warning, which the copy keeps. An item
    /// that the other format cannot hold is an error of the copy.
    ///
    /// - Parameters:
    ///   - name: the backup.
    ///   - newName: the copy's name; nil for the same.
    ///   - format: the copy's format.
    /// - Returns: the copy, and what went wrong in copying.
    public func export(
        _ name: String, as newName: String? = nil, format: BackupFormat, observer: @escaping RunObserver = { _ in }
    ) async throws -> BackupReport {
        let stored = try await source.backup(named: name)
        let contents = try await source.open(stored)
        var backup = stored.backup
        backup.name = newName ?? name
        let results = try await source.results(of: stored)
        let volumes = try await source.restorableVolumes(of: stored)
        let reservation = try await target.reserve(backup: backup.name)
        // Without the old log, the copy's tells why it is missing.
        let log = RunLog(of: format)
        let recorder = RunRecorder(log: log, observer: observer)
        var options = BackupWriterOptions()
        do {
            options.logs = try await oldLog(of: stored, recorder)
        } catch {
            await reservation.release()
            throw error
        }
        options.rejected = { identity, error in recorder.fail("\(error)", about: identity) }
        let writer: any BackupWriter
        do {
            writer =
                switch format {
                case .godwit:
                    try NativeBackupWriter(
                        catalog: target, reservation: reservation, log: log, options: options)
                case .velero:
                    try VeleroBackupWriter(
                        catalog: target, reservation: reservation, log: log, options: options)
                }
        } catch {
            await reservation.release()
            throw error
        }
        do {
            let copy = backup
            return try await reservation.whileHeld {
                for warning in contents.warnings { recorder.warn(warning) }
                var output = ItemOutput(writer: writer, recorder: recorder)
                try await contents.forEachEntry { entries in
                    for try await batch in contents.items(entries) {
                        try await output.write(try batch.map { try $0.item.get() })
                    }
                }
                var copy = copy
                copy.status.itemsBackedUp = try await writer.finishItems()
                let volumes = volumes.map { withoutData($0, recorder) }
                let outcome = recorder.outcome
                copy.status.warnings += outcome.warnings
                copy.status.errors += outcome.errors
                if outcome.errors > 0, copy.status.phase == .completed { copy.status.phase = .partiallyFailed }
                try await writer.publish(copy, results: results.adding(outcome.results), volumes: volumes)
                await contents.close()
                return BackupReport(backup: copy, results: outcome.results)
            }
        } catch {
            await writer.discard(removingFiles: (error as? BackupStorageError)?.kind != .nameTaken)
            await contents.close()
            throw error
        }
    }

    /// The row of a volume in the copy. Snapshots stay where they are and go with the backup that made them, so a copy
    /// has none.
    private func withoutData(_ record: VolumeRecord, _ recorder: RunRecorder) -> VolumeRecord {
        let place: String
        if let data = record.data {
            place = "(snapshot \(data.snapshot.prefix(12))) stays in \(source.store.description)"
        } else if let snapshot = record.snapshot {
            place = "(\(snapshot.description)) belongs to the backup that was copied"
        } else {
            return record
        }
        var record = record
        record.data = nil
        record.snapshot = nil
        record.phase = .failed
        record.error = "its data \(place)"
        recorder.fail("\(record.error ?? ""), and is not in the copy", about: record.item)
        return record
    }

    /// The log of the backup, read to its end first: damage shows only there. Nil where there is nothing to copy.
    ///
    /// - Throws: `CancellationError`, or ``SpoolError`` when this machine has no room for it.
    private func oldLog(of stored: StoredBackup, _ recorder: RunRecorder) async throws -> ByteStream? {
        do {
            return try await SpoolFile(try await source.logs(of: stored)).stream()
        } catch let error as CancellationError {
            throw error
        } catch let error as SpoolError {
            throw error
        } catch let error as BackupStorageError where error.kind == .notFound {
            recorder.warn("the backup has no log, so the copy has none either: \(error)")
        } catch {
            recorder.warn("the log of the backup cannot be read and is not in the copy: \(error)")
        }
        return nil
    }
}
