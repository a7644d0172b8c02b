import Synchronization

/// Reads a file in pieces: its holes, and its data cut by content. All calls block.
final class FileCutter: Sendable {
    /// A stretch of the file.
    enum Piece: Sendable {
        case hole(length: Int64)
        case data([UInt8])
    }

    private struct State {
        var position: Int64 = 0
        /// The end of the data that the position lies in.
        var dataEnd: Int64 = 0
        /// What was read ahead, from the position on.
        var buffer: [UInt8] = []
        /// The file ended before its size.
        var isCutShort = false
    }

    private let file: FileContent
    private let size: Int64
    private let chunker: ContentDefinedChunker
    private let state = Mutex(State())

    /// Reads from the file's beginning to a size, though the file may have grown beyond it.
    init(_ file: FileContent, size: Int64, chunker: ContentDefinedChunker) {
        self.file = file
        self.size = size
        self.chunker = chunker
    }

    /// The next piece; nil at the end, which comes early in a file that shrank.
    func next() throws(FileError) -> Piece? {
        let step = state.withLock { state -> Result<Piece?, FileError> in
            do throws(FileError) { return .success(try next(&state)) } catch { return .failure(error) }
        }
        return try step.get()
    }

    private func next(_ state: inout State) throws(FileError) -> Piece? {
        guard state.position < size else { return nil }
        if state.buffer.isEmpty, state.position >= state.dataEnd {
            if state.isCutShort { return nil }
            switch file.region(at: state.position) {
            case .hole(let range):
                let end = min(range.upperBound, size)
                defer { state.position = end }
                return .hole(length: end - state.position)
            case .data(let range): state.dataEnd = min(range.upperBound, size)
            }
        }
        try fill(&state)
        guard !state.buffer.isEmpty else { return nil }
        let length = state.buffer.withUnsafeBytes { chunker.firstPiece(of: $0) }
        state.position += Int64(length)
        if length == state.buffer.count {
            defer { state.buffer = [] }
            return .data(state.buffer)
        }
        defer { state.buffer.removeFirst(length) }
        return .data(Array(state.buffer[..<length]))
    }

    /// Reads ahead until a piece can be cut.
    private func fill(_ state: inout State) throws(FileError) {
        let from = state.position + Int64(state.buffer.count)
        let wanted = Int(min(Int64(chunker.sizes.maximum - state.buffer.count), state.dataEnd - from))
        guard wanted > 0 else { return }
        if state.buffer.isEmpty {
            state.buffer = try file.read(at: from, count: wanted)
        } else {
            state.buffer += try file.read(at: from, count: wanted)
        }
        let end = state.position + Int64(state.buffer.count)
        if end < from + Int64(wanted) {
            state.dataEnd = end
            state.isCutShort = true
        }
    }
}
