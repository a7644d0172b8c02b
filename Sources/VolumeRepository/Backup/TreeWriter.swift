import Streams

/// Stores the tree of a snapshot: its bytes go through a chunker of their own.
struct TreeWriter {
    private let storage: any ChunkStoring
    private let chunker: ContentDefinedChunker
    private var encoder = TreeEncoder()
    private var pending: [UInt8] = []
    /// The chunks so far, in order.
    private(set) var chunks: [ChunkID] = []
    /// The bytes so far.
    private(set) var size: Int64 = 0
    /// What the tree adds to the repository, in bytes.
    private(set) var storedBytes: Int64 = 0

    init(storage: any ChunkStoring, seed: UInt64) {
        self.storage = storage
        chunker = ContentDefinedChunker(sizes: .tree, seed: seed)
    }

    /// Appends entries in path order.
    mutating func append(_ entries: [TreeEntry]) async throws {
        let (after, lines) = try await BlockingPool.shared.run { [encoder] in
            var encoder = encoder
            var lines: [UInt8] = []
            for entry in entries { try encoder.append(entry, to: &lines) }
            return (encoder, lines)
        }
        encoder = after
        pending += lines
        try await store(upTo: chunker.sizes.maximum)
    }

    /// Stores the rest.
    mutating func finish() async throws { try await store(upTo: 1) }

    /// Stores pieces while there are at least so many bytes.
    private mutating func store(upTo least: Int) async throws {
        var start = 0
        while pending.count - start >= least {
            let length = pending[start...].withUnsafeBytes { chunker.firstPiece(of: $0) }
            let outcome = try await storage.store(Array(pending[start..<start + length]))
            chunks.append(outcome.id)
            storedBytes += Int64(outcome.storedBytes)
            size += Int64(length)
            start += length
        }
        pending.removeFirst(start)
    }
}
