/// Gathers stored chunks in the bytes of a pack.
struct PackBuilder {
    let id: PackID
    private(set) var chunks: [PackedChunk] = []
    private var bytes: [UInt8] = []
    private let isSealed: Bool

    /// An empty pack.
    ///
    /// - Parameter capacity: the bytes to make room for.
    init(capacity: Int, isSealed: Bool) throws {
        id = try PackID.random()
        self.isSealed = isSealed
        // The last chunk and the index come on top. Memory that is not written costs nothing.
        bytes.reserveCapacity(capacity + BlockCodec.maximumStored + (1 << 20))
    }

    /// The bytes so far.
    var count: Int { bytes.count }

    /// Adds the stored form of a chunk.
    mutating func append(_ id: ChunkID, stored: [UInt8], contentLength: Int) {
        TarHeader.append(name: PackNames.chunk(id, sealed: isSealed), size: stored.count, to: &bytes)
        chunks.append(
            PackedChunk(
                id: id, offset: UInt32(bytes.count), length: UInt32(stored.count), contentLength: UInt32(contentLength))
        )
        bytes.append(contentsOf: stored)
        TarHeader.padContent(of: stored.count, in: &bytes)
    }

    /// The bytes of the whole pack, with its index as the last entry. Blocks.
    consuming func finish(_ codec: BlockCodec) throws -> (contents: PackContents, bytes: [UInt8]) {
        var index: [UInt8] = []
        index.reserveCapacity(chunks.count * 100)
        for chunk in chunks {
            IndexText.append(chunk, to: &index)
            index.append(0x0A)
        }
        if isSealed { index = try codec.encode(document: index, context: RepositoryLayout.context("pack", id)) }
        TarHeader.append(name: PackNames.index(sealed: isSealed), size: index.count, to: &bytes)
        bytes.append(contentsOf: index)
        TarHeader.padContent(of: index.count, in: &bytes)
        bytes.append(contentsOf: repeatElement(0, count: TarHeader.end))
        return (PackContents(id: id, size: UInt32(bytes.count), chunks: chunks), bytes)
    }
}

/// The names of a pack's entries.
enum PackNames {
    private static let folder = Array("chunks/".utf8)

    static func chunk(_ id: ChunkID, sealed: Bool) -> [UInt8] { folder + id.hex + ending(sealed) }

    /// The chunk whose entry has this name; nil when it is none's.
    static func chunkID(_ name: [UInt8], sealed: Bool) -> ChunkID? {
        guard name.starts(with: folder), name.count == folder.count + 64 + ending(sealed).count,
            name.suffix(ending(sealed).count).elementsEqual(ending(sealed))
        else { return nil }
        return ChunkID(hex: name.dropFirst(folder.count).prefix(64))
    }

    static func index(sealed: Bool) -> [UInt8] { Array((sealed ? "index.ndjson.zst.sealed" : "index.ndjson").utf8) }

    private static func ending(_ sealed: Bool) -> [UInt8] { Array((sealed ? ".zst.sealed" : ".zst").utf8) }
}
