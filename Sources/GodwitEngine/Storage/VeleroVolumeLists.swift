import GodwitModel
import GodwitPluginAPI
import Streams
import Tarball

/// The lists in which a backup of Velero's says what became of volumes. Their data is elsewhere: in Velero's own
/// repositories, or with the storage that keeps a snapshot, of which a volume can be made.
struct VeleroVolumeLists: Sendable {
    private let name: String
    private let files: ArtifactFiles

    /// A list is not believed to be larger.
    private static let limit = 256 << 20

    init(name: String, files: ArtifactFiles) {
        self.name = name
        self.files = files
    }

    /// What a restore or a copy of the backup will miss, in words; empty for a backup of objects alone.
    func warnings() async throws -> [String] {
        let lists: [(name: String, meaning: String)] = [
            ("podvolumebackups", "volumes backed up from the file system"), ("itemoperations", "data uploads"),
            ("volumesnapshots", "volume snapshots"), ("volumeinfo", "volumes"),
            ("csi-volumesnapshots", "CSI snapshots"),
        ]
        return try await lists.mapConcurrently(limit: lists.count) { list in
            try await warning(list.name, list.meaning)
        }.compactMap(\.self)
    }

    private func warning(_ list: String, _ meaning: String) async throws -> String? {
        let entries: [JSONValue]
        do {
            entries = try await self.entries(list)
        } catch let error as BackupStorageError {
            return "what Velero says of \(meaning) cannot be read, so nothing is known of them: \(error.reason ?? "")"
        }
        // Of snapshots volumes are made; only what cannot be read is told.
        guard ["podvolumebackups", "itemoperations"].contains(list) else { return nil }
        let count = list == "itemoperations" ? entries.count(where: Self.isDataUpload) : entries.count
        guard count > 0 else { return nil }
        return """
            \(meaning) by Velero: \(count). Their data is not part of the backup: the objects are brought back, and \
            the volumes come back empty unless Velero restores them
            """
    }

    /// The entries of a list; none where there is no such list.
    ///
    /// - Throws: ``BackupStorageError`` of kind `damaged`; the store's errors.
    func entries(_ list: String) async throws -> [JSONValue] {
        let key = "\(VeleroBackupLayout(name: name).folder)\(name)-\(list).json.gz"
        do {
            let text = try await files.store.get(key, range: nil).body.decompressed().collect(upTo: Self.limit)
            return try JSONValue(parsing: text).array ?? []
        } catch let error as ObjectStoreError {
            if error.kind == .notFound { return [] }
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            throw BackupStorageError(
                .damaged, subject: "backup '\(name)'", store: files.store.description, reason: "'\(key)': \(error)")
        }
    }

    /// Velero's data mover names its operations so.
    private static func isDataUpload(_ operation: JSONValue) -> Bool {
        operation[path: "spec", "operationID"]?.string?.hasPrefix("du-") ?? false
    }
}
