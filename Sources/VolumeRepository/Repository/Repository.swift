import GodwitPluginAPI

/// A repository of volume data in an object store. Its format is docs/repository-format.md.
///
/// A value of this type is the repository's configuration and keys; it holds no lock and no index. Those belong to the
/// writers and readers that it makes.
public struct Repository: Sendable {
    /// What it is.
    public let configuration: RepositoryConfiguration
    /// What the cutting of files begins with: secret where the repository is encrypted, 0 elsewhere.
    public var chunkerSeed: UInt64 { codec.cipher.chunkerSeed }

    let objects: RepositoryObjects
    let codec: BlockCodec
    let tuning: RepositoryTuning

    init(
        configuration: RepositoryConfiguration, objects: RepositoryObjects, cipher: RepositoryCipher,
        tuning: RepositoryTuning
    ) {
        self.configuration = configuration
        self.objects = objects
        self.tuning = tuning
        codec = BlockCodec(cipher: cipher, level: tuning.compressionLevel ?? configuration.compressionLevel)
    }

    var indexObjects: IndexObjects { IndexObjects(objects: objects, codec: codec) }
    var snapshotObjects: SnapshotObjects { SnapshotObjects(objects: objects, cipher: codec.cipher) }
    var locks: RepositoryLocks { RepositoryLocks(objects: objects, staleAfter: tuning.lockStaleAfter) }
    var marks: PackMarks { PackMarks(objects: objects) }

    /// A writer with a lock of its own. Choose the parent of a snapshot after this: then no prune removes its chunks.
    ///
    /// - Throws: ``ObjectStoreError``, ``RepositoryError``.
    public func makeWriter() async throws -> RepositoryWriter {
        let lock = try await RepositoryLock.take(.backup, objects: objects, tuning: tuning)
        do {
            let index = try await loadIndex(for: lock, keepingMarked: false)
            return RepositoryWriter(self, lock: lock, index: index)
        } catch {
            await lock.release()
            throw error
        }
    }

    /// A reader of chunks.
    ///
    /// - Parameters:
    ///   - cacheBytes: how much content is kept for those who ask again. A restore and the walk along a tree hardly do;
    ///     those who go through many snapshots find the same chunks in each.
    ///   - use: what the lock says; nil for no lock, which is enough for a short look at one snapshot. Without the
    ///     permission to write there is none either.
    public func makeReader(cacheBytes: Int = 16 << 20, use: RepositoryUse? = .restore) async throws -> RepositoryReader
    {
        let lock = if let use { try await takeReadingLock(use) } else { RepositoryLock?.none }
        do {
            let index = try await loadIndex(for: lock, keepingMarked: true)
            return RepositoryReader(self, lock: lock, index: index, cacheBytes: cacheBytes)
        } catch {
            await lock?.release()
            throw error
        }
    }

    /// A lock for a run that only reads; nil without the permission to write.
    func takeReadingLock(_ use: RepositoryUse) async throws -> RepositoryLock? {
        do {
            return try await RepositoryLock.take(use, objects: objects, tuning: tuning)
        } catch let error as ObjectStoreError where error.kind == .accessDenied {
            return nil
        }
    }

    /// Marks first, index second: what a prune replaces, it replaces before it removes its mark.
    func loadIndex(for lock: RepositoryLock?, keepingMarked: Bool) async throws -> ChunkIndex {
        let marks = try await marks.list().marks
        let index = try await indexObjects.load(
            avoiding: Set(marks.flatMap(\.packs)), keepingAvoided: keepingMarked)
        try await lock?.know(marks: marks.map(\.id))
        return index
    }
}
