public import GodwitModel
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
    ///
    /// - Parameters:
    ///   - name: the backup.
    ///   - newName: the copy's name; nil for the same.
    ///   - format: the copy's format.
    public func export(
        _ name: String, as newName: String? = nil, format: BackupFormat, observer: @escaping RunObserver = { _ in }
    ) async throws -> Backup {
        let stored = try await source.backup(named: name)
        let contents = try await source.open(stored)
        var backup = stored.backup
        backup.name = newName ?? name
        let results = try await source.results(of: stored)
        let volumes = try await source.volumes(of: stored)
        let reservation = try await target.reserve(backup: backup.name)
        var options = BackupWriterOptions()
        options.logs = try? await source.logs(of: stored)
        let recorder = RunRecorder(log: RunLog(), observer: observer)
        options.rejected = { identity, error in recorder.fail("\(error)", about: identity) }
        let writer: any BackupWriter
        do {
            writer =
                switch format {
                case .godwit:
                    try NativeBackupWriter(
                        catalog: target, reservation: reservation, log: RunLog(), options: options)
                case .velero:
                    try VeleroBackupWriter(
                        catalog: target, reservation: reservation, log: RunLog(), options: options)
                }
        } catch {
            await reservation.release()
            throw error
        }
        do {
            let copy = backup
            return try await reservation.whileHeld {
                var output = ItemOutput(writer: writer, recorder: recorder)
                try await contents.forEachEntry { entries in
                    for try await batch in contents.items(entries) {
                        try await output.write(try batch.map { try $0.item.get() })
                    }
                }
                var copy = copy
                copy.status.itemsBackedUp = try await writer.finishItems()
                try await writer.publish(copy, results: results, volumes: volumes)
                await contents.close()
                return copy
            }
        } catch {
            await writer.discard(removingFiles: (error as? BackupStorageError)?.kind != .nameTaken)
            await contents.close()
            throw error
        }
    }
}

extension BackupCatalog {
    /// What a backup says of volumes: `{"volumes": […]}`.
    public func volumes(of stored: StoredBackup) async throws -> JSONValue {
        let empty: JSONValue = ["volumes": []]
        guard stored.format == .godwit else { return empty }
        let name = stored.backup.name
        guard let artifact = stored.manifest?[BackupLayout(name: name).volumes] else { return empty }
        let text = try await files.text(artifact, of: "backup '\(name)'").collect(upTo: 256 << 20)
        do {
            return try JSONValue(parsing: text)
        } catch {
            throw BackupStorageError(
                .damaged, subject: "backup '\(name)'", store: store.description, reason: "its volumes are \(error)")
        }
    }
}
