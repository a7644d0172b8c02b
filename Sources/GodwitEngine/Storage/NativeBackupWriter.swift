import GodwitModel
import GodwitPluginAPI
import Streams
import Synchronization
import Tarball

/// Writes a backup in Godwit's own format: tarball, index and log grow in the store side by side.
final class NativeBackupWriter: BackupWriter {
    private let catalog: BackupCatalog
    private let reservation: NameReservation
    private let tarball: TarballUpload
    private let index: StreamUpload
    private let logs: StreamUpload
    private let queue: PackingQueue
    private let log: RunLog

    /// The version file's content.
    static let versionText = Array("1.1.0\n".utf8)
    /// Level 1 keeps up with an API server; level 3 is a tenth smaller and takes twice the time.
    static let compression = TarballCompression.zstd(level: 1)
    /// What is left in the index's lines is mostly random: higher levels cost twice as much for a few per cent.
    private static let indexCompression = TarballCompression.zstd(level: 1)

    init(catalog: BackupCatalog, reservation: NameReservation, log: RunLog, options: BackupWriterOptions) throws {
        let layout = BackupLayout(name: reservation.name)
        let files = catalog.files
        self.catalog = catalog
        self.reservation = reservation
        self.log = log
        let tarball = try TarballUpload(
            layout.tarball, files: files, compression: options.compression ?? Self.compression,
            framePolicy: options.framePolicy)
        let index = StreamUpload(layout.index, files: files, contentType: ContentTypes.zstd, limit: 1 << 20) {
            try $0.compressed(with: Self.indexCompression)
        }
        self.tarball = tarball
        self.index = index
        logs = StreamUpload(layout.logs, files: files, contentType: ContentTypes.zstd) { _ in
            try (options.logs ?? log.stream).compressed()
        }
        let packer = ItemPacker()
        let isFirst = Mutex(true)
        queue = PackingQueue { batch in
            if isFirst.withLock({ first in
                defer { first = false }
                return first
            }) {
                try await tarball.appendVersion(options.modified)
            }
            let digests = try await packer.digests(of: batch.items)
            let entries = batch.items.map { item in
                (
                    item: item,
                    entries: [
                        TarballEntry(
                            path: ItemPath.path(item.identity), content: item.bytes, modified: options.modified,
                            mode: 0o600)
                    ]
                )
            }
            let written = try await tarball.append(entries, cutBefore: batch.cutBefore, rejected: options.rejected)
            try await index.send(try await packer.lines(written, all: batch.items, digests: digests))
        }
    }

    func append(_ items: [Item], cutBefore: Bool) async throws {
        try await queue.send(PackingQueue.Batch(items: items, cutBefore: cutBefore))
    }

    func finishItems() async throws -> Int {
        // An empty backup has its version file too.
        try await queue.send(PackingQueue.Batch(items: [], cutBefore: false))
        try await queue.finish()
        index.end()
        return try await tarball.end().entries - 1
    }

    func publish(_ backup: Backup, results: ResultSet, volumes: [VolumeRecord]) async throws {
        let layout = BackupLayout(name: reservation.name)
        let files = catalog.files
        log.finish()
        // Each is a wait for the store; the metadata waits for them all.
        let rows: JSONValue = ["volumes": .array(volumes.map(\.json))]
        async let volumeRows = files.writeCompressed(layout.volumes, rows.serialized())
        async let resultSet = files.writeCompressed(layout.results, results.json.serialized())
        async let items = [tarball.finish(), index.finish()]
        let artifacts = try await items + [volumeRows, resultSet, logs.finish()]
        let document = MetadataDocument.encode(backup.json, manifest: BackupManifest(artifacts: artifacts))
        reservation.beginPublishing()
        try await catalog.publish(layout.metadata, document, subject: "backup '\(reservation.name)'")
        await reservation.release()
    }

    func discard(removingFiles: Bool) async -> Bool {
        log.finish()
        await queue.cancel()
        await tarball.cancel()
        await index.cancel()
        await logs.cancel()
        guard removingFiles else {
            await reservation.release()
            return !reservation.mayExist
        }
        return await reservation.discard(metadata: BackupLayout(name: reservation.name).metadata)
    }
}

extension TarballUpload {
    /// The first file of every tarball, as Velero has it.
    func appendVersion(_ modified: Int64) async throws {
        _ = try await append([
            TarballEntry(path: ItemPath.version, content: NativeBackupWriter.versionText, modified: modified)
        ])
    }
}

/// Computes what the index says of items, on a thread of its own.
private actor ItemPacker {
    private let executor = ThreadExecutor(name: "item-packer")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func digests(of items: [Item]) throws -> [[UInt8]] { items.map { SHA256Digest.of($0.bytes) } }

    /// The index lines of the items that were written.
    func lines(
        _ written: [(item: Item, location: ContentLocation)], all: [Item], digests: [[UInt8]]
    ) throws -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(written.count * 320)
        var position = 0
        for (item, location) in written {
            // What was refused is missing in `written`; both have the same order.
            while position < all.count, all[position].identity != item.identity { position += 1 }
            guard position < digests.count else { break }
            IndexLine.append(
                IndexEntry(
                    identity: item.identity, apiVersion: item.metadata.apiVersion, kind: item.metadata.kind,
                    uid: item.metadata.uid, location: location, sha256: digests[position]),
                to: &output)
            position += 1
        }
        return output
    }
}
