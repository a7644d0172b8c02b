public import GodwitModel
public import GodwitPluginAPI
import Streams

/// The backups and restores of one location.
///
/// A backup exists when its metadata object exists; everything else below its folder without one is a run in progress
/// or a leftover of a run that died.
public struct BackupCatalog: Sendable {
    /// The location, its prefix already applied.
    public let store: any ObjectStore
    let files: ArtifactFiles

    /// The catalogue of a location.
    public init(store: any ObjectStore) {
        self.store = store
        files = ArtifactFiles(store: store)
    }

    /// Metadata objects read at once.
    static let parallelReads = 16
    /// A metadata object larger than this is not believed.
    static let metadataLimit = 16 * 1024 * 1024

    /// Every backup of both formats, by name. Metadata that cannot be read does not hide the others.
    public func backups() async throws -> [BackupListing] {
        let folders = try await folders(below: BackupLayout.root).filter { $0.format != nil }
        return try await folders.mapConcurrently(limit: Self.parallelReads) { folder in
            let format = folder.format ?? .godwit
            do {
                let stored = try await readBackup(folder.name, format: format)
                // What the store does not say, the manifest does.
                let size =
                    store.capabilities.listedSizes
                    ? folder.size : stored.manifest?.artifacts.reduce(0) { $0 + $1.size } ?? 0
                return BackupListing(name: folder.name, format: format, size: size, backup: .success(stored))
            } catch let error as BackupStorageError {
                return BackupListing(name: folder.name, format: format, size: folder.size, backup: .failure(error))
            }
        }
    }

    /// The names of all backups, without reading any.
    public func backupNames() async throws -> [String] {
        try await folders(below: BackupLayout.root).filter { $0.format != nil }.map(\.name)
    }

    /// Reads one backup's metadata.
    ///
    /// - Throws: ``BackupStorageError`` of kind `notFound`, `incomplete`, `damaged` or `unsupported`; the store's errors.
    public func backup(named name: String) async throws -> StoredBackup {
        try check(name: name, of: "backup")
        for format in BackupFormat.allCases {
            do {
                return try await readBackup(name, format: format)
            } catch let error as BackupStorageError where error.kind == .notFound { continue }
        }
        let objects = try await store.objects(below: BackupLayout(name: name).folder)
        guard objects.isEmpty else {
            throw BackupStorageError(
                .incomplete, subject: "backup '\(name)'", store: store.description, reason: "it has no metadata")
        }
        throw BackupStorageError(.notFound, subject: "backup '\(name)'", store: store.description)
    }

    /// Opens a backup's contents for reading.
    public func open(_ backup: StoredBackup) async throws -> any BackupContents {
        switch backup.format {
        case .godwit: try NativeBackupContents(backup, files: files)
        case .velero: try await VeleroBackupContents(backup, files: files)
        }
    }

    /// Opens the contents of the backup of this name.
    public func open(named name: String) async throws -> any BackupContents { try await open(backup(named: name)) }

    /// What dead runs left behind, and what running ones are writing: folders without metadata, of backups and restores.
    public func leftovers() async throws -> [Leftover] {
        var leftovers: [Leftover] = []
        for root in [BackupLayout.root, RestoreLayout.root] {
            for folder in try await folders(below: root) where folder.format == nil {
                let living = try await livingClaims(among: folder.claims, now: nil)
                leftovers.append(
                    Leftover(
                        name: folder.name, isBackup: root == BackupLayout.root, objects: folder.objects,
                        size: folder.size, isInProgress: !living.isEmpty, writer: living.first?.owner?.description))
            }
        }
        return leftovers
    }

    func readBackup(_ name: String, format: BackupFormat) async throws -> StoredBackup {
        let subject = "backup '\(name)'"
        let key =
            switch format {
            case .godwit: BackupLayout(name: name).metadata
            case .velero: VeleroBackupLayout(name: name).metadata
            }
        let bytes = try await metadata(key, subject: subject)
        do {
            let stored: StoredBackup
            switch format {
            case .godwit:
                let (object, manifest) = try MetadataDocument.decode(bytes, subject: subject, store: store.description)
                stored = StoredBackup(backup: try Backup(json: object), format: format, manifest: manifest)
            case .velero:
                let backup = try Backup(json: JSONValue(parsing: bytes))
                stored = StoredBackup(backup: backup, format: format, manifest: nil)
            }
            try check(stored.backup.name, isNameOf: subject, name)
            return stored
        } catch let error as BackupStorageError {
            throw error
        } catch {
            throw BackupStorageError(
                .damaged, subject: subject, store: store.description, reason: "its metadata cannot be read: \(error)")
        }
    }

    /// Metadata leads to the files of the name in it: of another backup, if it was copied from there.
    func check(_ stored: String, isNameOf subject: String, _ name: String) throws(BackupStorageError) {
        guard stored != name else { return }
        let other = String(reflecting: String(stored.prefix(100)))
        throw BackupStorageError(
            .damaged, subject: subject, store: store.description,
            reason: "its metadata is that of \(other), copied or renamed by hand")
    }

    /// Reads a metadata object.
    func metadata(_ key: String, subject: String) async throws -> [UInt8] {
        do {
            return try await store.get(key, range: nil).body.collect(upTo: Self.metadataLimit)
        } catch let error as ObjectStoreError where error.kind == .notFound {
            throw BackupStorageError(.notFound, subject: subject, store: store.description)
        } catch let error as StreamTooLong {
            throw BackupStorageError(
                .damaged, subject: subject, store: store.description, reason: "its metadata is larger: \(error)")
        }
    }

    func check(name: String, of what: String) throws(BackupStorageError) {
        guard let reason = NameValidation.problem(withSubdomain: name) else { return }
        throw BackupStorageError(
            .invalidName, subject: "\(what) '\(name)'", store: store.description, reason: reason)
    }

    /// A folder of one backup or restore, as a listing of all keys shows it.
    struct Folder {
        let name: String
        var format: BackupFormat?
        var objects = 0
        var size: Int64 = 0
        var claims: [ObjectInfo] = []
    }

    /// All folders below a root, from one flat listing: a page of it covers about a hundred backups.
    func folders(below root: String) async throws -> [Folder] {
        var folders: [String: Folder] = [:]
        try await store.forEachPage(ListRequest(prefix: root)) { page in
            for object in page.objects {
                let path = object.key.dropFirst(root.count)
                guard let slash = path.firstIndex(of: "/") else { continue }
                let name = String(path[..<slash])
                var folder = folders[name] ?? Folder(name: name)
                folder.objects += 1
                folder.size += object.size
                switch path[path.index(after: slash)...] {
                case BackupLayout.metadataFile, RestoreLayout.metadataFile: folder.format = .godwit
                case VeleroBackupLayout.metadataFile: folder.format = folder.format ?? .velero
                default: if NameReservation.isClaim(object.key) { folder.claims.append(object) }
                }
                folders[name] = folder
            }
        }
        return folders.values.sorted { $0.name < $1.name }
    }
}

/// A backup's metadata as it is stored.
public struct StoredBackup: Sendable {
    /// The backup and what came of it.
    public let backup: Backup
    /// The format that it is stored in.
    public let format: BackupFormat
    /// The list of files; nil in formats that have none.
    public let manifest: BackupManifest?
}

/// A backup in a listing.
public struct BackupListing: Sendable {
    /// The name.
    public let name: String
    /// The format that it is stored in.
    public let format: BackupFormat
    /// Bytes of all its files.
    public let size: Int64
    /// Its metadata, or why it cannot be read.
    public let backup: Result<StoredBackup, BackupStorageError>
}

/// A folder without metadata.
public struct Leftover: Sendable, Hashable {
    /// The name of the backup or restore.
    public let name: String
    /// Whether it is of a backup; else of a restore.
    public let isBackup: Bool
    /// Objects in it.
    public let objects: Int
    /// Bytes in it.
    public let size: Int64
    /// Whether a living run is writing it.
    public let isInProgress: Bool
    /// That run in words, where known.
    public let writer: String?
}
