import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import VolumeRepository

extension RepositoryTuning {
    /// Small packs, and keys that cost next to nothing.
    static var small: RepositoryTuning {
        var tuning = RepositoryTuning()
        tuning.packSize = 64 << 10
        tuning.packsPerIndex = 2
        if let cost = KeyDerivationCost(operations: 1, memory: 8 << 10) { tuning.keyDerivation = cost }
        return tuning
    }
}

/// A repository in a store, of either kind.
struct TestRepository {
    let store: any ObjectStore
    let repository: Repository

    static func make(
        _ store: any ObjectStore = MemoryObjectStore(), password: String? = nil, tuning: RepositoryTuning = .small
    ) async throws -> TestRepository {
        let credentials = try password.map { try RepositoryCredentials.password($0) }
        return TestRepository(
            store: store,
            repository: try await Repository.openOrCreate(store: store, credentials: credentials, tuning: tuning))
    }

    /// Stores contents and commits a snapshot of them.
    func backUp(_ contents: [[UInt8]], volume: String = "data", started: Date = Date()) async throws -> StoredSnapshot {
        let writer = try await repository.makeWriter()
        do {
            let snapshot = try await writer.commit(contents, volume: volume, started: started)
            await writer.close()
            return snapshot
        } catch {
            await writer.discard()
            throw error
        }
    }

    /// The contents of a snapshot.
    func restore(_ snapshot: Snapshot) async throws -> [[UInt8]] {
        let reader = try await repository.makeReader()
        var contents: [[UInt8]] = []
        do {
            for id in try await SampleTree.ids(of: snapshot, reader) {
                contents.append(try await reader.content(of: id))
            }
        } catch {
            await reader.close()
            throw error
        }
        await reader.close()
        return contents
    }

    func check() async throws -> CheckReport {
        var options = CheckOptions()
        options.readData = 1
        return try await repository.check(options, references: SampleTree.references)
    }

    func prune(
        grace: Duration = .zero, reach: @escaping @Sendable (PruneStage) async throws -> Void = { _ in }
    ) async throws -> PruneReport {
        var options = PruneOptions()
        options.grace = grace
        return try await repository.prune(options, references: SampleTree.references, reach: reach)
    }

    /// All keys of the store.
    func keys(below prefix: String = "") async throws -> [String] {
        var keys: [String] = []
        try await store.forEachPage(ListRequest(prefix: prefix)) { keys.append(contentsOf: $0.objects.map(\.key)) }
        return keys
    }
}

/// A tree that is as simple as one can be: one chunk that holds the ids of the contents.
enum SampleTree {
    static func ids(of snapshot: Snapshot, _ reader: any ChunkReading) async throws -> [ChunkID] {
        var ids: [ChunkID] = []
        for chunk in snapshot.tree {
            let bytes = try await reader.content(of: chunk)
            for start in stride(from: 0, to: bytes.count, by: 32) {
                if let id = ChunkID(bytes: bytes[start..<(start + 32)]) { ids.append(id) }
            }
        }
        return ids
    }

    static let references: SnapshotReferences = { snapshot, reader, visit in
        try await ids(of: snapshot, reader).forEach(visit)
    }
}

extension RepositoryWriter {
    /// Stores contents and commits a snapshot of them.
    func commit(_ contents: [[UInt8]], volume: String = "data", started: Date = Date()) async throws -> StoredSnapshot {
        let tree = try await store(try await contents.storedIDs(self).flatMap(\.bytes))
        return try await commit(
            Snapshot(
                volume: Snapshot.Volume(namespace: "shop", name: volume), started: started, ended: started,
                host: "machine", path: "/data", tree: [tree.id], treeBytes: Int64(contents.count * 32)))
    }
}

extension [[UInt8]] {
    /// Stores each, several at a time.
    func storedIDs(_ writer: RepositoryWriter) async throws -> [ChunkID] {
        try await withThrowingTaskGroup(of: (Int, ChunkID).self) { group in
            for (index, content) in enumerated() {
                if index >= 6 { _ = try await group.next() }
                group.addTask { (index, try await writer.store(content).id) }
            }
            while try await group.next() != nil {}
        }
        return map { content in content.withUnsafeBytes { writer.id(of: $0) } }
    }

    /// So many contents of different sizes and kinds.
    static func sample(_ count: Int, seed: UInt64 = 1, upTo limit: Int = 40_000) -> [[UInt8]] {
        var numbers = SeededGenerator(seed: seed)
        return (0..<count).map { index in
            let size = Int.random(in: 1...limit, using: &numbers)
            if index.isMultiple(of: 3) { return numbers.bytes(size) }
            return [UInt8]("line \(numbers.next()) of a text that repeats itself\n".utf8).repeated(to: size)
        }
    }
}

extension [UInt8] {
    func repeated(to count: Int) -> [UInt8] { (0..<count).map { self[$0 % self.count] } }
}
