/// Where a chunk is in its pack.
struct PackedChunk: Sendable, Hashable {
    let id: ChunkID
    /// Where the stored form begins, in bytes from the pack's start.
    let offset: UInt32
    /// The bytes of the stored form.
    let length: UInt32
    /// The bytes of the content.
    let contentLength: UInt32

    /// The bytes of the pack that are the stored form.
    var range: Range<Int64> { Int64(offset)..<(Int64(offset) + Int64(length)) }
}

/// What a pack holds.
struct PackContents: Sendable, Hashable {
    let id: PackID
    /// The bytes of the whole pack.
    let size: UInt32
    var chunks: [PackedChunk]
}
