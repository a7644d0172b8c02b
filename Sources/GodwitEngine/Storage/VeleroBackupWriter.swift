import GodwitModel
import GodwitPluginAPI
import Streams
import Synchronization
import Tarball

/// Writes a backup in Velero's format, so that Velero lists, describes and restores it.
///
/// Each item is in the tarball twice: plain, and under the folder of its preferred version, as format 1.1.0 has it.
/// Lists of what a backup without volume data does not have are there and empty.
final class VeleroBackupWriter: BackupWriter {
    private let catalog: BackupCatalog
    private let reservation: NameReservation
    private let tarball: TarballUpload
    private let queue: PackingQueue
    private let log: RunLog
    private let logs: StreamUpload
    private let added: AddedItems

    /// The version of Velero's format that is written.
    static let formatVersion = "1.1.0"

    init(catalog: BackupCatalog, reservation: NameReservation, log: RunLog, options: BackupWriterOptions) throws {
        let layout = VeleroBackupLayout(name: reservation.name)
        self.catalog = catalog
        self.reservation = reservation
        self.log = log
        let tarball = try TarballUpload(
            layout.tarball, files: catalog.files, compression: options.compression ?? .gzip(level: 6),
            framePolicy: options.framePolicy)
        self.tarball = tarball
        logs = StreamUpload(layout.logs, files: catalog.files, contentType: ContentTypes.gzip) { _ in
            try (options.logs ?? log.stream).compressed(with: .gzip())
        }
        let isFirst = Mutex(true)
        let added = AddedItems()
        self.added = added
        queue = PackingQueue { batch in
            if isFirst.withLock({ first in
                defer { first = false }
                return first
            }) {
                try await tarball.appendVersion(options.modified)
            }
            let files = batch.items.map { (item: $0, entries: Self.entries($0, modified: options.modified)) }
            let written = try await tarball.append(files, cutBefore: false, rejected: options.rejected)
            added.add(written.map(\.item))
        }
    }

    private static func entries(_ item: Item, modified: Int64) -> [TarballEntry] {
        let version = GroupVersion(apiVersion: item.metadata.apiVersion).version
        let plain = ItemPath.path(item.identity)
        let paths = version.isEmpty ? [plain] : [plain, ItemPath.path(item.identity, preferredVersion: version)]
        return paths.map { TarballEntry(path: $0, content: item.bytes, modified: modified, mode: 0o755) }
    }

    func append(_ items: [Item], cutBefore: Bool) async throws {
        try await queue.send(PackingQueue.Batch(items: items, cutBefore: false))
    }

    func finishItems() async throws -> Int {
        try await queue.send(PackingQueue.Batch(items: [], cutBefore: false))
        try await queue.finish()
        _ = try await tarball.end()
        return added.count
    }

    func publish(_ backup: Backup, results: ResultSet, volumes: [VolumeRecord]) async throws {
        let layout = VeleroBackupLayout(name: reservation.name)
        let files = catalog.files
        log.finish()
        let lists = [
            (layout.resourceList, added.resourceList), (layout.results, results.json.serialized()),
            (layout.volumeInfo, JSONValue.array(volumes.map(\.veleroInfo)).serialized()),
            (
                layout.volumeSnapshots,
                JSONValue.array(volumes.compactMap { $0.veleroSnapshot(of: backup) }).serialized()
            ),
        ]
        let empty = layout.emptyLists.map { ($0, Array("[]".utf8)) }
        // Each is a wait for the store; the metadata waits for them all.
        async let items = tarball.finish()
        async let small = (lists + empty).mapConcurrently(limit: 4) { list in
            try await files.writeCompressed(list.0, list.1, with: .gzip())
        }
        _ = try await (items, small, logs.finish())
        reservation.beginPublishing()
        try await catalog.publish(
            layout.metadata, Array(Self.veleroForm(backup).json.prettyPrinted().utf8),
            subject: "backup '\(reservation.name)'")
        await reservation.release()
    }

    /// The Backup with what Velero expects of one that it made itself.
    private static func veleroForm(_ backup: Backup) -> Backup {
        var backup = backup
        backup.annotations[BackupManifest.versionAnnotation] = nil
        backup.status.formatVersion = formatVersion
        backup.status.formatMajorVersion = 1
        return backup
    }

    func discard(removingFiles: Bool) async -> Bool {
        log.finish()
        await queue.cancel()
        await tarball.cancel()
        await logs.cancel()
        guard removingFiles else {
            await reservation.release()
            return !reservation.mayExist
        }
        return await reservation.discard(metadata: VeleroBackupLayout(name: reservation.name).metadata)
    }
}

/// The names of what was written, by `apiVersion/kind`: what Velero's resource list holds. A name costs its length.
private final class AddedItems: Sendable {
    private struct State {
        var count = 0
        /// The elements of each list as JSON text.
        var lists: [String: [UInt8]] = [:]
    }

    private let state = Mutex(State())

    func add(_ items: [Item]) {
        state.withLock { state in
            for item in items {
                let name = item.metadata.namespace.map { "\($0)/\(item.metadata.name)" } ?? item.metadata.name
                var list = state.lists.removeValue(forKey: key(item)) ?? []
                if !list.isEmpty { list.append(UInt8(ascii: ",")) }
                list += JSONValue.literal(name)
                state.lists[key(item)] = list
                state.count += 1
            }
        }
    }

    private func key(_ item: Item) -> String { "\(item.metadata.apiVersion)/\(item.metadata.kind)" }

    var count: Int { state.withLock { $0.count } }

    var resourceList: [UInt8] {
        state.withLock { state in
            var text = Array("{".utf8)
            for (kind, list) in state.lists.sorted(by: { $0.key < $1.key }) {
                if text.count > 1 { text.append(UInt8(ascii: ",")) }
                text += JSONValue.literal(kind) + Array(":[".utf8) + list + Array("]".utf8)
            }
            return text + Array("}".utf8)
        }
    }
}
