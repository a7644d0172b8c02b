/// Reads a file in pieces: its holes, and its data cut by content. All calls block.
struct FileCutter: Sendable {
    /// A stretch of the file.
    enum Piece: Sendable {
        case hole(length: Int64)
        case data([UInt8])
    }

    private let file: FileContent
    private let size: Int64
    private let chunker: ContentDefinedChunker
    private var position: Int64 = 0
    /// The end of the data that ``position`` lies in.
    private var dataEnd: Int64 = 0
    /// What was read ahead, from ``position`` on.
    private var buffer: [UInt8] = []

    /// Reads from the file's beginning to the size that it had when it was opened, though it may have grown.
    init(_ file: FileContent, chunker: ContentDefinedChunker) {
        self.file = file
        size = file.status.size
        self.chunker = chunker
    }

    /// The next piece; nil at the end, which comes early in a file that shrank.
    mutating func next() throws(FileError) -> Piece? {
        guard position < size else { return nil }
        if buffer.isEmpty, position >= dataEnd {
            switch file.region(at: position) {
            case .hole(let range):
                position = range.upperBound
                return .hole(length: Int64(range.count))
            case .data(let range): dataEnd = range.upperBound
            }
        }
        try fill()
        guard !buffer.isEmpty else { return nil }
        let length = buffer.withUnsafeBytes { chunker.firstPiece(of: $0) }
        position += Int64(length)
        if length == buffer.count {
            defer { buffer = [] }
            return .data(buffer)
        }
        defer { buffer.removeFirst(length) }
        return .data(Array(buffer[..<length]))
    }

    /// Reads ahead until a piece can be cut.
    private mutating func fill() throws(FileError) {
        let from = position + Int64(buffer.count)
        let wanted = Int(min(Int64(chunker.sizes.maximum - buffer.count), dataEnd - from))
        guard wanted > 0 else { return }
        let start = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: wanted))
        var failure: FileError?
        let count = buffer.withUnsafeMutableBytes { bytes in
            do throws(FileError) {
                return try file.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[start...]), at: from)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        buffer.removeLast(wanted - count)
        if count < wanted { dataEnd = from + Int64(count) }
    }
}
