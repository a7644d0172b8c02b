/// A piece of a file's content; the pieces in order are the content.
public enum Extent: Sendable, Hashable {
    /// A part of a chunk, in bytes of the chunk's content.
    case chunk(ChunkID, offset: Int, length: Int)
    /// Bytes that were never written and read as zero.
    case hole(length: Int64)

    /// The bytes of the file that the piece covers.
    public var length: Int64 {
        switch self {
        case .chunk(_, _, let length): Int64(length)
        case .hole(let length): length
        }
    }
}
