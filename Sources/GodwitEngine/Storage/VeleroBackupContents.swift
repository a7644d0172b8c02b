import GodwitModel
import GodwitPluginAPI
import Streams
import Tarball

/// A backup in Velero's format. A gzip cannot be read by range, so the tarball is read once and spooled into a local
/// temporary file in frames, with an index beside it; what is read later comes from there.
///
/// Format 1.1.0 holds most items twice, under a folder of the preferred version too; they count once. Copies of other
/// versions (API group versions feature) are passed over. Format 1 has the plain paths only.
final class VeleroBackupContents: BackupContents {
    let backup: Backup
    let format = BackupFormat.velero
    let warnings: [String]
    private let reader: FrameItemReader
    private let index: SpoolFile
    private let table: FrameTable

    init(_ stored: StoredBackup, files: ArtifactFiles) async throws {
        backup = stored.backup
        let subject = "backup '\(stored.backup.name)'"
        let store = files.store.description
        let source = try await files.reader(VeleroBackupLayout(name: stored.backup.name).tarball, of: subject)
        warnings = try await VeleroVolumeLists(name: stored.backup.name, files: files).warnings()
        do {
            let spooler = try VeleroSpooler()
            let spool = try await spooler.run(TarballReader(source.body))
            index = spool.index
            table = spool.table
            reader = FrameItemReader(
                source: spool.tarball, digester: files.digester, subject: subject, store: store)
        } catch let error as TarballError {
            throw BackupStorageError(.damaged, subject: subject, store: store, reason: "its tarball: \(error)")
        } catch let error as UnknownVersion {
            throw BackupStorageError(
                .unsupported, subject: subject, store: store, reason: "its format has version \(error.version)")
        }
    }

    func forEachEntry(_ body: ([IndexEntry]) async throws -> Void) async throws {
        var decoder = IndexDecoder()
        for try await piece in index.stream() {
            let entries = try decoder.entries(piece)
            if !entries.isEmpty { try await body(entries) }
        }
    }

    func items(_ entries: [IndexEntry]) -> StoredItemStream {
        reader.items(FrameReadPlanner(entries: entries, table: table))
    }

    // The spool files are gone with the last reference.
    func close() async {}
}

/// The tarball says that it is of a format that is not known here.
private struct UnknownVersion: Error {
    let version: String
}

/// Writes the items of a tarball into a framed one on disk, and their index.
private struct VeleroSpooler {
    private let frames = BoundedChannel<[UInt8]>(limit: 4 << 20, cost: \.count)
    private let lines = BoundedChannel<[UInt8]>(limit: 1 << 20, cost: \.count)
    private let writer: TarballWriter
    private let digester = Digester()

    /// Contents that are passed on together.
    private static let batchSize = 1 << 20

    init() throws { writer = try TarballWriter(compression: .zstd(level: 1), output: frames) }

    func run(_ entries: TarballReader) async throws -> (tarball: SpoolFile, index: SpoolFile, table: FrameTable) {
        async let tarball = SpoolFile(ByteStream(frames), abandoning: frames)
        async let index = SpoolFile(ByteStream(lines), abandoning: lines)
        do {
            var table = try await copy(entries)
            lines.finish()
            let files = try await (tarball: tarball, index: index)
            table.size = files.tarball.size
            return (files.tarball, files.index, table)
        } catch {
            await writer.cancel()
            lines.finish(throwing: CancellationError())
            // When the disk is the cause, its error says more than that of the channel.
            do { _ = try await (tarball, index) } catch let cause as SpoolError { throw cause } catch {}
            throw error
        }
    }

    private func copy(_ entries: TarballReader) async throws -> FrameTable {
        var table = FrameTable()
        var seen = IdentitySet()
        var batch: [(identity: ItemIdentity, content: [UInt8])] = []
        var size = 0
        for try await entry in entries where entry.kind == .regular {
            if entry.path == ItemPath.version { try check(version: entry.content) }
            guard let path = ItemPath.parse(entry.path), path.version == nil || path.isPreferredVersion,
                seen.insert(path.identity)
            else { continue }
            batch.append((path.identity, entry.content))
            size += entry.content.count
            if size >= Self.batchSize {
                try await write(batch, &table)
                batch = []
                size = 0
            }
        }
        try await write(batch, &table)
        _ = try await writer.finish()
        return table
    }

    private func check(version text: [UInt8]) throws {
        let version = String(decoding: text.prefix(64), as: UTF8.self).filter { !$0.isWhitespace }
        guard version == "1" || version.hasPrefix("1.") else { throw UnknownVersion(version: version) }
    }

    private func write(_ batch: [(identity: ItemIdentity, content: [UInt8])], _ table: inout FrameTable) async throws {
        guard !batch.isEmpty else { return }
        let digests = await digester.digests(of: batch.map(\.content))
        let locations = try await writer.append(
            batch.map { TarballEntry(path: ItemPath.path($0.identity), content: $0.content, modified: 0, mode: 0o600) })
        var text: [UInt8] = []
        for (item, (location, digest)) in zip(batch, zip(locations, digests)) {
            table.add(location)
            // Text that is no object is found when the item is read.
            let metadata = try? ItemMetadata(scanning: item.content)
            IndexLine.append(
                IndexEntry(
                    identity: item.identity, apiVersion: metadata?.apiVersion ?? "", kind: metadata?.kind ?? "",
                    uid: metadata?.uid ?? "", location: location, sha256: digest),
                to: &text)
        }
        try await lines.send(text)
    }
}

extension SpoolFile {
    /// Spools a channel; its producer is told when that fails.
    fileprivate convenience init(_ stream: ByteStream, abandoning channel: BoundedChannel<[UInt8]>) async throws {
        do {
            try await self.init(stream)
        } catch {
            channel.abandon()
            throw error
        }
    }
}
