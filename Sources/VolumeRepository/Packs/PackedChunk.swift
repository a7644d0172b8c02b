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

    /// What the chunk adds to its pack: a header, the stored form in whole blocks, and a line of the index.
    var entryLength: Int64 {
        var line: [UInt8] = []
        IndexText.append(self, to: &line)
        return Int64(TarHeader.block + Int(length) + TarHeader.padding(after: Int(length)) + line.count + 1)
    }
}

/// What a pack holds.
struct PackContents: Sendable, Hashable {
    let id: PackID
    /// The bytes of the whole pack.
    let size: UInt32
    var chunks: [PackedChunk]
}
