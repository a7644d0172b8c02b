import GodwitModel
import GodwitPluginAPI
import Streams
import Synchronization
import Tarball

/// A backup in Godwit's own format, read in place.
final class NativeBackupContents: BackupContents {
    let backup: Backup
    let format = BackupFormat.godwit
    let warnings: [String] = []
    private let files: ArtifactFiles
    private let index: Artifact
    private let tarball: Artifact
    private let subject: String
    private let table = Mutex<FrameTable?>(nil)
    private let spool = Mutex<SpoolFile?>(nil)
    private let kept = Mutex<Task<KeptTarball, any Error>?>(nil)

    /// A tarball up to this size is read once and kept: a restore asks for it group by group, and every request to an
    /// object store costs more time than these bytes do.
    private static let keptSize: Int64 = 4 << 20

    init(_ stored: StoredBackup, files: ArtifactFiles) throws(BackupStorageError) {
        let layout = BackupLayout(name: stored.backup.name)
        backup = stored.backup
        self.files = files
        let subject = "backup '\(stored.backup.name)'"
        self.subject = subject
        guard let index = stored.manifest?[layout.index], let tarball = stored.manifest?[layout.tarball] else {
            throw BackupStorageError(
                .damaged, subject: subject, store: files.store.description,
                reason: "its index or tarball is not listed in its metadata")
        }
        self.index = index
        self.tarball = tarball
    }

    func forEachEntry(_ body: ([IndexEntry]) async throws -> Void) async throws {
        var found = FrameTable()
        found.size = tarball.size
        let text = try await files.text(index, of: subject)
        var decoder = IndexDecoder()
        do {
            for try await piece in text {
                let current = decoder
                let (entries, next) = try await BlockingPool.shared.run {
                    var decoder = current
                    return (try decoder.entries(piece), decoder)
                }
                decoder = next
                for entry in entries { found.add(entry.location) }
                if !entries.isEmpty { try await body(entries) }
            }
            try decoder.finish()
        } catch let fault as IndexFault {
            throw BackupStorageError(
                .damaged, subject: subject, store: files.store.description,
                reason: "line \(fault.line) of its index is not understood")
        }
        table.withLock { $0 = found }
    }

    func items(_ entries: [IndexEntry]) -> StoredItemStream {
        let opened = Mutex<StoredItemStream?>(nil)
        return StoredItemStream { [self] in
            if let stream = opened.withLock({ $0 }) {
                var iterator = stream.makeAsyncIterator()
                return try await iterator.next()
            }
            let reader = FrameItemReader(
                source: try await source(), digester: files.digester, subject: subject,
                store: files.store.description)
            let stream = reader.items(FrameReadPlanner(entries: entries, table: try await frameTable()))
            opened.withLock { $0 = stream }
            var iterator = stream.makeAsyncIterator()
            return try await iterator.next()
        }
    }

    func close() async {
        spool.withLock { $0 = nil }
        kept.withLock { $0 = nil }
    }

    /// The frames come with the index; who asks for items without having read it pays for it here.
    private func frameTable() async throws -> FrameTable {
        if let known = table.withLock({ $0 }) { return known }
        try await forEachEntry { _ in }
        return table.withLock { $0 } ?? FrameTable()
    }

    /// The store itself where it reads ranges, or a local copy of the tarball.
    private func source() async throws -> any RangeSource {
        if files.store.capabilities.rangedGet {
            if tarball.size <= Self.keptSize { return try await keptTarball() }
            return StoredObjectRange(files: files, artifact: tarball, subject: subject)
        }
        if let file = spool.withLock({ $0 }) { return file }
        let file = try await SpoolFile(try await files.open(tarball, of: subject))
        spool.withLock { $0 = file }
        return file
    }

    private func keptTarball() async throws -> KeptTarball {
        let reading = kept.withLock { kept in
            let reading = kept ?? Task { try await KeptTarball(tarball, files: files, subject: subject) }
            kept = reading
            return reading
        }
        do {
            return try await reading.value
        } catch {
            // Who asks again tries again.
            kept.withLock { if $0 == reading { $0 = nil } }
            throw error
        }
    }
}

/// A small tarball in memory. Its own checksum is not looked at: each item has one, and a damaged item must not take the
/// others with it.
private struct KeptTarball: RangeSource {
    let size: Int64
    private let bytes: [UInt8]

    init(_ artifact: Artifact, files: ArtifactFiles, subject: String) async throws {
        size = artifact.size
        let reader = try await files.reader(artifact.key, of: subject, range: 0..<max(1, artifact.size))
        bytes = try await reader.body.collect(upTo: Int(artifact.size))
    }

    func read(_ range: Range<Int64>) async throws -> [UInt8] {
        Array(bytes[Int(min(range.lowerBound, Int64(bytes.count)))..<Int(min(range.upperBound, Int64(bytes.count)))])
    }
}

/// Ranges of a stored object.
private struct StoredObjectRange: RangeSource {
    let files: ArtifactFiles
    let artifact: Artifact
    let subject: String

    var size: Int64 { artifact.size }

    func read(_ range: Range<Int64>) async throws -> [UInt8] {
        let reader = try await files.reader(artifact.key, of: subject, range: range)
        return try await reader.body.collect(upTo: range.count)
    }
}
