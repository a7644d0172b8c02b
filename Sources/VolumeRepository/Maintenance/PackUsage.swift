import Foundation
import GodwitModel
import GodwitPluginAPI
import Synchronization

/// How much of each pack the snapshots need.
struct PackUsage: Sendable {
    /// One pack.
    struct Pack: Sendable, Hashable {
        /// The bytes of the object.
        var size: Int64
        /// The bytes of chunks that are needed from here.
        var used: Int64 = 0
        /// The bytes of a pack of only these, but for the end that every pack has.
        var entries: Int64 = 0
        /// The chunks that are needed from here.
        var chunks = 0
        /// Whether an index names it.
        var isIndexed = false
        /// When it was written, where the store says.
        var modified: Date?

        /// The part of the object that is needed; 1 where nothing of it is not, for which a pack's own headers and index
        /// count too. In an encrypted repository the index is compressed, and the part may be above 1.
        var share: Double {
            let end = TarHeader.block + TarHeader.padding(after: Int(entries)) + TarHeader.end
            return size > 0 ? Double(entries + Int64(end)) / Double(size) : 0
        }
    }

    /// All packs that are there.
    var packs: [PackID: Pack] = [:]
    /// Where everything is; chunks in packs that are gone count as nowhere.
    let index: ChunkIndex
    /// The chunks that are needed.
    let needed: ChunkSet
}

/// Finds out what is needed. Everything must be readable: what cannot be read could need anything.
struct PackUsageFinder: Sendable {
    let repository: Repository
    let references: SnapshotReferences

    /// - Parameter avoiding: packs from which a chunk is needed only where no other pack has it.
    /// - Throws: ``RepositoryError`` when a snapshot, its tree or an index object cannot be read, or a chunk is missing.
    func find(avoiding: Set<PackID>) async throws -> PackUsage {
        // Snapshots first: what they need was in the index before they were written.
        let listing = try await repository.snapshots()
        if let (_, error) = listing.unreadable.first { throw error }
        let (index, objects) = try await loadIndex(avoiding: avoiding)
        let needed = ChunkSet(index)
        let reader = RepositoryReader(repository, lock: nil, index: index, cacheBytes: 64 << 20)
        for stored in listing.snapshots {
            let missing = Mutex<ChunkID?>(nil)
            let visit: @Sendable (ChunkID) -> Void = { id in
                if !needed.insert(id) { missing.withLock { $0 = $0 ?? id } }
            }
            stored.snapshot.tree.forEach(visit)
            try await references(stored.snapshot, reader, visit)
            if let id = missing.withLock({ $0 }) {
                throw RepositoryError(
                    .missing, subject: "chunk \(id)",
                    reason: "snapshot \(stored.id.short) needs it; repair the repository, or forget the snapshot")
            }
        }
        var usage = PackUsage(index: index, needed: needed)
        for (id, object) in objects {
            usage.packs[id] = PackUsage.Pack(size: object.size, modified: object.modified)
        }
        for id in index.packIDs { usage.packs[id]?.isIndexed = true }
        needed.forEach { location in
            usage.packs[location.pack]?.used += Int64(location.chunk.length)
            usage.packs[location.pack]?.entries += location.chunk.entryLength
            usage.packs[location.pack]?.chunks += 1
        }
        return usage
    }

    private func loadIndex(avoiding: Set<PackID>) async throws -> (ChunkIndex, [PackID: ObjectInfo]) {
        let index = try await repository.indexObjects.load(avoiding: avoiding, keepingAvoided: true)
        if let problem = index.problems.first { throw problem }
        var found: [PackID: ObjectInfo] = [:]
        for object in try await repository.objects.listSized(RepositoryLayout.packs) {
            if let id = RepositoryLayout.packID(ofKey: object.key) { found[id] = object }
        }
        let lost = index.packIDs.filter { found[$0] == nil }
        if lost.isEmpty { return (index, found) }
        // A pack that is gone must not be the reason to delete another one with the same chunks.
        let sound = try await repository.indexObjects.load(
            avoiding: avoiding, keepingAvoided: true, without: Set(lost))
        return (sound, found)
    }
}

/// Some of the chunks of an index: a bit for each.
final class ChunkSet: Sendable {
    private let index: ChunkIndex
    private let bits: Mutex<[UInt64]>

    init(_ index: ChunkIndex) {
        self.index = index
        bits = Mutex([UInt64](repeating: 0, count: (index.count + 63) / 64))
    }

    /// Adds a chunk; false when the index does not have it.
    func insert(_ id: ChunkID) -> Bool {
        guard let number = index.number(of: id) else { return false }
        bits.withLock { $0[number / 64] |= 1 << UInt64(number % 64) }
        return true
    }

    /// Calls a function with the place of each chunk of the set.
    func forEach(_ body: (ChunkIndex.Location) -> Void) {
        for (word, bits) in bits.withLock({ $0 }).enumerated() {
            var rest = bits
            while rest != 0 {
                if let location = index.location(number: word * 64 + rest.trailingZeroBitCount) { body(location) }
                rest &= rest - 1
            }
        }
    }
}
