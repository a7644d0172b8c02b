import GodwitModel
import GodwitPluginAPI
public import Streams
import Tarball

extension BackupCatalog {
    /// Stores a metadata object, which makes a backup or restore exist, unless it exists already.
    func publish(_ key: String, _ document: [UInt8], subject: String) async throws {
        let options = PutOptions(
            ifAbsent: store.capabilities.conditionalPut, contentType: ContentTypes.json)
        do {
            let info = try await store.put(key, .bytes(document), options: options)
            guard info.size == document.count else {
                throw ObjectStoreError(
                    .corrupted, operation: "put", key: key, store: store.description,
                    reason: "\(document.count) bytes were sent and \(info.size) stored")
            }
        } catch let error as ObjectStoreError where error.kind == .alreadyExists {
            // An earlier try may have succeeded without the answer arriving.
            guard try await metadata(key, subject: subject) == document else {
                throw BackupStorageError(.nameTaken, subject: subject, store: store.description)
            }
        }
    }

    /// The warnings and errors of a backup.
    public func results(of stored: StoredBackup) async throws -> ResultSet {
        let name = stored.backup.name
        switch stored.format {
        case .godwit:
            return try await results(stored.manifest?[BackupLayout(name: name).results], subject: "backup '\(name)'")
        case .velero:
            let key = VeleroBackupLayout(name: name).results
            guard try await store.stat(key) != nil else { return ResultSet() }
            let text = try await files.reader(key, of: "backup '\(name)'").body.decompressed()
            return try await parseResults(text, subject: "backup '\(name)'")
        }
    }

    /// The log of a backup as text: NDJSON in Godwit's format, logfmt in Velero's.
    ///
    /// - Throws: ``BackupStorageError`` of kind `notFound` when the backup has none: Velero's may lack it, and exist
    ///   all the same; of kind `damaged` when it should be there.
    public func logs(of stored: StoredBackup) async throws -> ByteStream {
        let name = stored.backup.name
        switch stored.format {
        case .godwit:
            return try await text(stored.manifest?[BackupLayout(name: name).logs], subject: "backup '\(name)'")
        case .velero:
            let key = VeleroBackupLayout(name: name).logs
            guard try await store.stat(key) != nil else {
                throw BackupStorageError(
                    .notFound, subject: "the log of backup '\(name)'", store: store.description,
                    reason: "there is no '\(key)'")
            }
            return try await files.reader(key, of: "backup '\(name)'").body.decompressed()
        }
    }

    /// The tarball of a backup as it is stored, for downloading; verified at its end where the format has checksums.
    public func tarball(of stored: StoredBackup) async throws -> ByteStream {
        let name = stored.backup.name
        let subject = "backup '\(name)'"
        switch stored.format {
        case .godwit:
            let artifact = try listed(stored.manifest?[BackupLayout(name: name).tarball], "its tarball", subject)
            return try await files.open(artifact, of: subject)
        case .velero: return try await files.reader(VeleroBackupLayout(name: name).tarball, of: subject).body
        }
    }

    func results(_ artifact: Artifact?, subject: String) async throws -> ResultSet {
        let artifact = try listed(artifact, "its results", subject)
        return try await parseResults(try await files.text(artifact, of: subject), subject: subject)
    }

    private func parseResults(_ text: ByteStream, subject: String) async throws -> ResultSet {
        do {
            return ResultSet(json: try JSONValue(parsing: try await text.collect(upTo: 256 * 1024 * 1024)))
        } catch let error as JSONError {
            throw BackupStorageError(
                .damaged, subject: subject, store: store.description, reason: "its results are \(error)")
        }
    }

    func text(_ artifact: Artifact?, subject: String) async throws -> ByteStream {
        let artifact = try listed(artifact, "the file", subject)
        return try await files.text(artifact, of: subject)
    }

    func listed(_ artifact: Artifact?, _ what: String, _ subject: String) throws(BackupStorageError) -> Artifact {
        guard let artifact else {
            throw BackupStorageError(
                .damaged, subject: subject, store: store.description, reason: "\(what) is not listed in its metadata")
        }
        return artifact
    }
}
