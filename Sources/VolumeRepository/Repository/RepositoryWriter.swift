import GodwitModel
import GodwitPluginAPI
import Streams
import Synchronization

/// Adds chunks and snapshots to a repository, under a lock.
///
/// Any number of tasks may store at once. What is stored is durable, and found by others, once ``finish()`` has
/// returned. A writer that fails or is discarded leaves packs that nothing refers to, which the next prune removes.
public final class RepositoryWriter: ChunkStoring {
    private struct State {
        var pack: PackBuilder?
        var isClosed = false
    }

    private let repository: Repository
    private let lock: RepositoryLock
    private let index: ChunkIndex
    private let uploader: PackUploader
    private let codec: BlockCodec
    private let packSize: Int
    private let state = Mutex(State())

    init(_ repository: Repository, lock: RepositoryLock, index: ChunkIndex) {
        self.repository = repository
        self.lock = lock
        self.index = index
        codec = repository.codec
        packSize = repository.tuning.packSize
        uploader = PackUploader(index: repository.indexObjects, lock: lock, tuning: repository.tuning)
    }

    /// The index objects that were damaged when the writer was made; what they named is stored again.
    public var indexProblems: [RepositoryError] { index.problems }

    /// Whether a chunk is there that a snapshot of this writer may refer to without storing it.
    ///
    /// An extent of an earlier snapshot may be taken over only if this says so: its chunk may be about to be pruned,
    /// or be lost.
    public func contains(_ id: ChunkID) -> Bool { index.contains(id) }

    /// The id of content.
    public func id(of content: UnsafeRawBufferPointer) -> ChunkID { codec.cipher.id(of: content) }

    /// Stores content as one chunk, unless an equal one is there.
    public func store(_ content: [UInt8]) async throws -> StoredChunk {
        guard !content.isEmpty, content.count <= ChunkLimits.maximumContent else {
            throw RepositoryError(
                .invalidArgument, subject: "a chunk of \(content.count) bytes",
                reason: "1 to \(ChunkLimits.maximumContent) are possible")
        }
        try Task.checkCancellation()
        try await uploader.waitForRoom()
        return try await BlockingPool.shared.run { [self] in try add(content) }
    }

    /// Makes everything durable that was stored before the call: stores the pack that is not full, and the index.
    public func finish() async throws {
        state.withLock { state in
            if let rest = state.pack.take() { uploader.begin(rest) }
        }
        try await uploader.flush()
    }

    /// Finishes, and then adds a snapshot. The writer can go on with another volume afterwards.
    ///
    /// - Throws: ``RepositoryError/Kind/lockLost`` when others may have taken this run for dead; then there is no
    ///   snapshot.
    public func commit(_ snapshot: Snapshot) async throws -> StoredSnapshot {
        try await finish()
        let snapshots = repository.snapshotObjects
        return try await lock.guarding {
            try await snapshots.write(snapshot)
        } undo: {
            try await snapshots.delete([$0.id])
        }
    }

    /// Ends the writer after the last commit and releases its lock.
    public func close() async {
        state.withLock { state in
            state.isClosed = true
            state.pack = nil
        }
        await uploader.cancel()
        await lock.release()
    }

    /// Ends the writer and forgets what was not finished; snapshots that were committed stay.
    public func discard() async { await close() }

    /// Hashes, and where the chunk is new compresses, seals and packs it.
    private func add(_ content: [UInt8]) throws -> StoredChunk {
        try content.withUnsafeBytes { bytes in
            let id = codec.cipher.id(of: bytes)
            if index.contains(id) { return StoredChunk(id: id, storedBytes: 0) }
            let stored = try codec.encode(chunk: bytes, id: id)
            return try state.withLock { state in
                guard !state.isClosed else { throw RepositoryError(.closed, subject: "the writer") }
                return try pack(id, stored, contentLength: content.count, &state)
            }
        }
    }

    /// Adds a chunk to the pack, and begins to store that when it is full.
    ///
    /// It happens under the lock, so that a chunk that the index has is in a pack that the next finish waits for.
    private func pack(
        _ id: ChunkID, _ stored: [UInt8], contentLength: Int, _ state: inout State
    ) throws -> StoredChunk {
        // Another task may have been faster with equal content.
        guard !index.contains(id) else { return StoredChunk(id: id, storedBytes: 0) }
        var pack = try state.pack.take() ?? PackBuilder(capacity: packSize, isSealed: codec.cipher.isEncrypting)
        pack.append(id, stored: stored, contentLength: contentLength)
        index.claim(id)
        if pack.count >= packSize { uploader.begin(pack) } else { state.pack = pack }
        return StoredChunk(id: id, storedBytes: stored.count)
    }
}
