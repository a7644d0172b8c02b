import Glibc
import Synchronization

/// Reads a range of an open file piece by piece.
final class FileReader: Sendable {
    private static let pieceSize: Int64 = 256 << 10

    private let file: Descriptor
    private let rest: Mutex<Range<Int64>>

    init(_ file: Descriptor, range: Range<Int64>) {
        self.file = file
        self.rest = Mutex(range)
        posix_fadvise(file.number, off_t(range.lowerBound), off_t(range.upperBound - range.lowerBound), 2)
    }

    /// The next piece, or nil at the end of the range.
    func next() throws(SystemError) -> [UInt8]? {
        let piece = rest.withLock { rest in
            let end = min(rest.lowerBound + Self.pieceSize, rest.upperBound)
            let piece = rest.lowerBound..<end
            rest = end..<rest.upperBound
            return piece
        }
        guard !piece.isEmpty else { return nil }
        let bytes = try file.read(at: piece.lowerBound, count: piece.count)
        // Objects never shrink; somebody else cut the file while it was read.
        guard bytes.count == piece.count else { throw SystemError(code: EIO, call: "read past the end of a cut file") }
        return bytes
    }
}
