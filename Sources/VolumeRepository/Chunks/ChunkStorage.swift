/// Takes chunks for a repository: what a backup writes to.
public protocol ChunkStoring: Sendable {
    /// Stores content as one chunk, unless an equal one is stored.
    ///
    /// Hashing, compression and encryption run off the cooperative pool; the call suspends while too much is on its
    /// way. It may return before the chunk is durable: that it is only after the writer has finished.
    ///
    /// - Parameter content: 1 byte to ``ChunkLimits/maximumContent`` bytes.
    func store(_ content: [UInt8]) async throws -> StoredChunk

    /// Whether a chunk is there that a new snapshot may refer to without storing it: one that is about to be pruned is
    /// not.
    func contains(_ id: ChunkID) -> Bool

    /// The id that content has, without storing it. A blocking computation.
    func id(of content: UnsafeRawBufferPointer) -> ChunkID
}

/// What became of a chunk.
public struct StoredChunk: Sendable, Hashable {
    /// Its id.
    public let id: ChunkID
    /// The bytes that it adds to the repository; 0 when it was there.
    public let storedBytes: Int

    /// The outcome.
    public init(id: ChunkID, storedBytes: Int) {
        self.id = id
        self.storedBytes = storedBytes
    }
}

/// Gives chunks back: what a restore reads from.
public protocol ChunkReading: Sendable {
    /// The content of a chunk, fetched, decrypted, decompressed and checked against its id.
    ///
    /// Chunks of late are kept in a cache of bounded size, and two callers of one chunk share one fetch.
    ///
    /// - Throws: ``RepositoryError`` when it is missing, damaged or not what its id says.
    func content(of id: ChunkID) async throws -> [UInt8]
}

/// Bounds of what may be one chunk.
public enum ChunkLimits {
    /// Bytes of content. Large files are cut into chunks of 256 KiB to this size, 1 MiB on average.
    public static let maximumContent = 4 << 20
}
