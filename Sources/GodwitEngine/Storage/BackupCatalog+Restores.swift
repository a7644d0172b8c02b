public import GodwitModel
import GodwitPluginAPI
public import Streams
import Tarball

extension BackupCatalog {
    /// Every restore that is recorded in this location, by name; those whose record cannot be read are errors in
    /// place.
    public func restores() async throws -> [(name: String, restore: Result<Restore, BackupStorageError>)] {
        let folders = try await folders(below: RestoreLayout.root).filter { $0.format != nil }
        return try await folders.mapConcurrently(limit: Self.parallelReads) { folder in
            do {
                return (folder.name, .success(try await stored(restore: folder.name).restore))
            } catch let error as BackupStorageError {
                return (folder.name, .failure(error))
            }
        }
    }

    /// Reads one restore's record.
    ///
    /// - Throws: ``BackupStorageError`` of kind `notFound`, `incomplete` or `damaged`; the store's errors.
    public func restore(named name: String) async throws -> StoredRestore {
        try check(name: name, of: "restore")
        do {
            return try await stored(restore: name)
        } catch let error as BackupStorageError where error.kind == .notFound {
            guard try await store.objects(below: RestoreLayout(name: name).folder).isEmpty else {
                throw BackupStorageError(
                    .incomplete, subject: "restore '\(name)'", store: store.description, reason: "it has no record")
            }
            throw error
        }
    }

    private func stored(restore name: String) async throws -> StoredRestore {
        let subject = "restore '\(name)'"
        let bytes = try await metadata(RestoreLayout(name: name).metadata, subject: subject)
        let (object, manifest) = try MetadataDocument.decode(bytes, subject: subject, store: store.description)
        do {
            let restore = try Restore(json: object)
            try check(restore.name, isNameOf: subject, name)
            return StoredRestore(restore: restore, manifest: manifest)
        } catch let error as BackupStorageError {
            throw error
        } catch {
            throw BackupStorageError(
                .damaged, subject: subject, store: store.description, reason: "its record cannot be read: \(error)")
        }
    }

    /// Begins to record a restore; its name must have been reserved.
    public func record(_ reservation: NameReservation) -> RestoreRecord {
        RestoreRecord(catalog: self, reservation: reservation)
    }

    /// Deletes the record of a restore, or what a dead run left of one: first what makes it exist, then the rest.
    ///
    /// - Throws: ``BackupStorageError`` of kind `notFound`, or `incomplete` while a living run writes the record.
    public func deleteRestore(named name: String) async throws {
        let reservation = try await claim(existingRestore: name)
        do {
            try await store.delete([RestoreLayout(name: name).metadata])
            try await store.deleteFolder(reservation.folder, keeping: [reservation.claimKey])
            try await store.discardUnfinishedPuts(below: reservation.folder)
            await reservation.release()
        } catch {
            await reservation.release()
            throw error
        }
    }

    /// The warnings and errors of a restore.
    public func results(of restore: StoredRestore) async throws -> ResultSet {
        let name = restore.restore.name
        return try await results(
            restore.manifest[RestoreLayout(name: name).results], subject: "restore '\(name)'")
    }

    /// The log of a restore, as NDJSON text.
    public func logs(of restore: StoredRestore) async throws -> ByteStream {
        let name = restore.restore.name
        return try await text(restore.manifest[RestoreLayout(name: name).logs], subject: "restore '\(name)'")
    }

    /// What became of the data of volumes, a row a claim; empty for a restore without.
    public func volumes(of restore: StoredRestore) async throws -> [JSONValue] {
        let name = restore.restore.name
        guard let artifact = restore.manifest[RestoreLayout(name: name).volumes] else { return [] }
        let text = try await files.text(artifact, of: "restore '\(name)'").collect(upTo: 256 << 20)
        do {
            return try JSONValue(parsing: text)["volumes"]?.array ?? []
        } catch {
            throw BackupStorageError(
                .damaged, subject: "restore '\(name)'", store: store.description, reason: "its volumes are \(error)")
        }
    }

    /// What became of each item, as NDJSON text.
    public func itemOutcomes(of restore: StoredRestore) async throws -> ByteStream {
        let name = restore.restore.name
        return try await text(restore.manifest[RestoreLayout(name: name).items], subject: "restore '\(name)'")
    }
}

/// A restore's record as it is stored.
public struct StoredRestore: Sendable {
    /// The restore and what came of it.
    public let restore: Restore
    /// The list of files.
    public let manifest: BackupManifest
}

/// Writes the record of one restore.
public struct RestoreRecord: Sendable {
    let catalog: BackupCatalog
    let reservation: NameReservation

    private var layout: RestoreLayout { RestoreLayout(name: reservation.name) }

    /// Stores what became of each item, as it comes: NDJSON text.
    public func writeItems(_ lines: ByteStream) async throws -> Artifact {
        try await catalog.files.write(layout.items, lines.compressed(), contentType: ContentTypes.zstd)
    }

    /// Stores the log, as it comes: NDJSON text.
    public func writeLogs(_ lines: ByteStream) async throws -> Artifact {
        try await catalog.files.write(layout.logs, lines.compressed(), contentType: ContentTypes.zstd)
    }

    /// Stores what became of the data of volumes.
    func writeVolumes(_ volumes: [VolumeRestoreRecord]) async throws -> Artifact {
        let rows: JSONValue = ["volumes": .array(volumes.map(\.json))]
        return try await catalog.files.writeCompressed(layout.volumes, rows.serialized())
    }

    /// Stores results and, last, the record itself, and gives the name free.
    public func finish(_ restore: Restore, results: ResultSet, artifacts: [Artifact]) async throws {
        let stored = try await catalog.files.writeCompressed(layout.results, results.json.serialized())
        let document = MetadataDocument.encode(
            restore.json, manifest: BackupManifest(artifacts: artifacts + [stored]))
        try await catalog.publish(layout.metadata, document, subject: "restore '\(reservation.name)'")
        await reservation.release()
    }

    /// Removes what was written, and gives the name free. Works in a cancelled task.
    public func discard() async { await reservation.discard(metadata: layout.metadata) }
}
