import GodwitPluginAPI
import Streams
import Synchronization

/// Reads and writes the index objects of a repository.
struct IndexObjects: Sendable {
    /// Chunks after which another object is begun: about 9 MB of text.
    static let chunksPerObject = 100_000

    let objects: RepositoryObjects
    let codec: BlockCodec

    private var isSealed: Bool { codec.cipher.isEncrypting }

    /// The ids and keys of all index objects.
    func list() async throws -> [(id: ChunkID, key: String)] {
        try await objects.list(RepositoryLayout.index).compactMap { object in
            RepositoryLayout.indexID(ofKey: object.key, sealed: isSealed).map { ($0, object.key) }
        }
    }

    /// The text of an index object; nil when it is gone.
    ///
    /// - Throws: ``RepositoryError/Kind/damaged``.
    func read(_ id: ChunkID) async throws -> [UInt8]? {
        let key = RepositoryLayout.index(id, sealed: isSealed)
        guard let stored = try await objects.read(key) else { return nil }
        return try await BlockingPool.shared.run { [codec] in
            let text = try codec.decode(document: stored, context: RepositoryLayout.context("index", id), key: key)
            guard codec.cipher.id(of: text) == id else {
                throw RepositoryError(.damaged, subject: key, reason: "its content is not what its name says")
            }
            return text
        }
    }

    /// Calls a function with each pack of an index object; false when the object is gone.
    ///
    /// - Throws: ``RepositoryError/Kind/damaged``.
    func forEachPack(in id: ChunkID, _ body: @escaping @Sendable (PackContents) throws -> Void) async throws -> Bool {
        guard let text = try await read(id) else { return false }
        let key = RepositoryLayout.index(id, sealed: isSealed)
        try await BlockingPool.shared.run {
            do {
                try IndexText.forEachPack(text, body)
            } catch let flaw as IndexFlaw {
                throw RepositoryError(.damaged, subject: key, reason: flaw.reason)
            }
        }
        return true
    }

    /// Writes packs to as many objects as they need, and gives their ids.
    ///
    /// - Parameter replacing: whether an object of the same name is damaged.
    @discardableResult
    func write(_ packs: [PackContents], replacing: Bool = false) async throws -> [ChunkID] {
        var written: [ChunkID] = []
        var rest = packs[...]
        while !rest.isEmpty {
            var chunks = 0
            let part = rest.prefix { pack in
                defer { chunks += pack.chunks.count }
                return chunks == 0 || chunks + pack.chunks.count <= Self.chunksPerObject
            }
            rest = rest.dropFirst(part.count)
            written.append(try await writeOne(Array(part), replacing: replacing))
        }
        return written
    }

    private func writeOne(_ packs: [PackContents], replacing: Bool) async throws -> ChunkID {
        let (id, stored) = try await BlockingPool.shared.run { [codec] in
            var text: [UInt8] = []
            text.reserveCapacity(packs.reduce(0) { $0 + $1.chunks.count } * 100 + packs.count * 80)
            for pack in packs { IndexText.append(pack, to: &text) }
            let id = codec.cipher.id(of: text)
            return (id, try codec.encode(document: text, context: RepositoryLayout.context("index", id)))
        }
        let key = RepositoryLayout.index(id, sealed: isSealed)
        if replacing {
            try await objects.store.put(key, .bytes(stored), options: PutOptions())
        } else {
            try await objects.writeOnce(key, stored)
        }
        return id
    }

    /// Removes objects.
    func delete(_ ids: [ChunkID]) async throws {
        guard !ids.isEmpty else { return }
        try await objects.store.delete(ids.map { RepositoryLayout.index($0, sealed: isSealed) })
    }

    /// Removes objects, but for those that the store protects, which are given back.
    func deleteUnprotected(_ ids: [ChunkID]) async throws -> Set<ChunkID> {
        let keys = try await objects.delete(ids.map { RepositoryLayout.index($0, sealed: isSealed) })
        return Set(keys.compactMap { RepositoryLayout.indexID(ofKey: $0, sealed: isSealed) })
    }

    /// Reads the whole index. Objects that are damaged are passed over and named in the index.
    ///
    /// - Parameters:
    ///   - avoiding: packs that are marked.
    ///   - keepingAvoided: whether their chunks count where there are no others: for reading, not for writing.
    ///   - without: packs that do not count at all.
    func load(
        avoiding: Set<PackID>, keepingAvoided: Bool, without: Set<PackID> = []
    ) async throws -> ChunkIndex {
        // A prune may replace objects between the listing and the reading; what replaced them is in the next listing.
        for _ in 0..<5 {
            if let index = try await loadOnce(avoiding, keepingAvoided, without) { return index }
        }
        throw RepositoryError(.missing, subject: RepositoryLayout.index, reason: "its objects change all the time")
    }

    private func loadOnce(
        _ avoiding: Set<PackID>, _ keepingAvoided: Bool, _ without: Set<PackID>
    ) async throws -> ChunkIndex? {
        let index = ChunkIndex()
        let avoided = Mutex<[PackContents]>([])
        let isStale = Mutex(false)
        try await list().map(\.id).forEachConcurrently(limit: 8) { id in
            do {
                let isThere = try await forEachPack(in: id) { pack in
                    if without.contains(pack.id) { return }
                    if !avoiding.contains(pack.id) {
                        index.add(pack)
                    } else if keepingAvoided {
                        avoided.withLock { $0.append(pack) }
                    }
                }
                if !isThere { isStale.withLock { $0 = true } }
            } catch let error as RepositoryError {
                index.add(problem: error)
            }
        }
        guard !isStale.withLock({ $0 }) else { return nil }
        for pack in avoided.withLock({ $0 }) { index.add(pack) }
        return index
    }
}
