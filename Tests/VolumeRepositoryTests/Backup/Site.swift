import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import Streams

@testable import VolumeRepository

/// A directory and a repository to back it up to.
final class Site: Sendable {
    let root: String
    let store: MemoryObjectStore
    let repository: Repository

    init(password: String? = nil) async throws {
        root = NSTemporaryDirectory() + "godwit-volume-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        store = MemoryObjectStore()
        repository = try await Repository.create(
            store: store, credentials: try password.map(RepositoryCredentials.password), tuning: .small)
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    // MARK: Files

    func write(_ path: String, _ content: [UInt8]) throws {
        let url = URL(fileURLWithPath: "\(root)/\(path)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content).write(to: url)
    }

    func read(_ path: [UInt8]) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(String(decoding: path, as: UTF8.self))")))
    }

    func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(root)/\(path)", withDestinationPath: target)
    }

    func touch(_ path: String) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: "\(root)/\(path)")
    }

    func move(_ path: String, to other: String) throws {
        try FileManager.default.moveItem(atPath: "\(root)/\(path)", toPath: "\(root)/\(other)")
    }

    func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: "\(root)/\(path)") }

    /// A file of one size with content at some offsets and holes elsewhere.
    func makeSparse(_ path: String, size: Int, data: [Int: [UInt8]]) throws {
        try write(path, [])
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(root)/\(path)"))
        try file.truncate(atOffset: UInt64(size))
        for (offset, content) in data {
            try file.seek(toOffset: UInt64(offset))
            try file.write(contentsOf: Data(content))
        }
        try file.close()
    }

    /// Waits until what was written is old enough to be told from what changes during a backup.
    func settle() async throws {
        try await Task.sleep(for: .seconds(PreviousSnapshot.tick) + .milliseconds(50))
    }

    // MARK: Backups

    /// - Parameter started: see ``VolumeBackupRequest/started``.
    func backUp(asOf started: Date? = nil) async throws -> (snapshot: StoredSnapshot, summary: VolumeBackupSummary) {
        let writer = try await repository.makeWriter()
        var request = VolumeBackupRequest(
            volume: Snapshot.Volume(namespace: "shop", name: "data"), root: root, host: "machine", godwitVersion: "test"
        )
        request.started = started
        do {
            let result = try await repository.backUp(request, with: writer, observer: VolumeBackup.Observer())
            await writer.close()
            return result
        } catch {
            await writer.discard()
            throw error
        }
    }

    func entries(of stored: StoredSnapshot) async throws -> [TreeEntry] {
        let reader = try await repository.makeReader()
        var entries: [TreeEntry] = []
        for try await event in TreeReader(chunks: stored.snapshot.tree, from: reader) {
            switch event {
            case .entry(let entry, _): entries.append(entry)
            case .extents(let extents, _): entries[entries.count - 1].extents += extents
            }
        }
        await reader.close()
        return entries
    }

    func content(of entry: TreeEntry) async throws -> [UInt8] {
        let reader = try await repository.makeReader()
        var content: [UInt8] = []
        for extent in entry.extents {
            switch extent {
            case .chunk(let id, let offset, let length):
                content += try await reader.content(of: id)[offset..<offset + length]
            case .hole(let length): content += [UInt8](repeating: 0, count: Int(length))
            }
        }
        await reader.close()
        return content
    }
}

extension ObjectStore {
    /// All keys below a prefix.
    func keys(below prefix: String) async throws -> [String] {
        var keys: [String] = []
        try await forEachPage(ListRequest(prefix: prefix)) { keys += $0.objects.map(\.key) }
        return keys
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

extension SegmentReader {
    /// A reader for a repository without encryption.
    init(into storage: any ChunkStoring) {
        self.init(
            storage: storage, chunker: ContentDefinedChunker(sizes: .content, seed: 0), room: BackupRoom(cores: 2))
    }
}

/// Bytes that nothing compresses, the same for the same seed.
func noise(count: Int, seed: UInt64) -> [UInt8] {
    var state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state >> 24)
    }
}
