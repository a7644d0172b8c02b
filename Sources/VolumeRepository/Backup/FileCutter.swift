import Synchronization

/// Reads a file in pieces: its holes, and its data cut by content. All calls block.
final class FileCutter: Sendable {
    /// A stretch of the file.
    enum Piece: Sendable {
        case hole(length: Int64)
        case data([UInt8])
    }

    private struct State: ~Copyable {
        var position: Int64 = 0
        /// The end of the data that the position lies in.
        var dataEnd: Int64 = 0
        /// What was read ahead, from the position on.
        var window: ReadWindow
        /// The file ended before its size.
        var isCutShort = false
    }

    private let file: FileContent
    private let size: Int64
    private let chunker: ContentDefinedChunker
    private let state: Mutex<State>

    /// Reads from the file's beginning to a size, though the file may have grown beyond it.
    init(_ file: FileContent, size: Int64, chunker: ContentDefinedChunker) {
        self.file = file
        self.size = size
        self.chunker = chunker
        state = Mutex(State(window: ReadWindow(capacity: chunker.sizes.maximum)))
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
        if state.window.isEmpty, state.position >= state.dataEnd {
            if state.isCutShort { return nil }
            switch file.region(at: state.position) {
            case .hole(let range):
                let end = min(range.upperBound, size)
                defer { state.position = end }
                return .hole(length: end - state.position)
            case .data(let range): state.dataEnd = min(range.upperBound, size)
            }
        }
        if state.window.isEmpty, state.dataEnd - state.position <= Int64(chunker.sizes.minimum) {
            return try lastPiece(&state)
        }
        // Most pieces end within twice their average; for the few others more is read.
        var wanted = 2 * chunker.sizes.average
        while true {
            try fill(&state, upTo: wanted)
            guard !state.window.isEmpty else { return nil }
            let length = chunker.firstPiece(of: state.window.bytes)
            let isAllOfWindow = length == state.window.bytes.count
            let isAtEnd = state.position + Int64(length) >= state.dataEnd
            guard isAllOfWindow, !isAtEnd, length < chunker.sizes.maximum else {
                state.position += Int64(length)
                return .data(state.window.take(length))
            }
            wanted = chunker.sizes.maximum
        }
    }

    /// The rest of the data, which is too short to be cut.
    private func lastPiece(_ state: inout State) throws(FileError) -> Piece? {
        let left = Int(state.dataEnd - state.position)
        let content = try file.read(at: state.position, count: left)
        state.position += Int64(content.count)
        if content.count < left {
            state.dataEnd = state.position
            state.isCutShort = true
        }
        return content.isEmpty ? nil : .data(content)
    }

    /// Reads ahead until so many bytes are there, or the data ends.
    private func fill(_ state: inout State, upTo wanted: Int) throws(FileError) {
        let from = state.position + Int64(state.window.bytes.count)
        let missing = Int(min(Int64(wanted - state.window.bytes.count), state.dataEnd - from))
        guard missing > 0 else { return }
        let count = try state.window.append(missing) { buffer throws(FileError) in
            try file.read(into: buffer, at: from)
        }
        if count < missing {
            state.dataEnd = from + Int64(count)
            state.isCutShort = true
        }
    }
}

/// Bytes that are appended behind and taken in front, in memory of one size.
private struct ReadWindow: ~Copyable {
    private let capacity: Int
    /// Nothing before the first byte: most files are too small for a window.
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var range = 0..<0

    init(capacity: Int) { self.capacity = capacity }

    deinit { memory.deallocate() }

    var isEmpty: Bool { range.isEmpty }

    /// What is there, until the next call that changes it.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[range]) }

    /// Appends up to so many bytes, which must fit in the capacity together with what is there.
    ///
    /// - Parameter read: fills the buffer, or a first part of it, and gives the bytes of that.
    mutating func append(
        _ count: Int, _ read: (UnsafeMutableRawBufferPointer) throws(FileError) -> Int
    ) throws(FileError) -> Int {
        if memory.isEmpty { memory = .allocate(byteCount: capacity, alignment: 16) }
        if range.upperBound + count > memory.count {
            UnsafeMutableRawBufferPointer(rebasing: memory[..<range.count]).copyMemory(from: bytes)
            range = 0..<range.count
        }
        let space = UnsafeMutableRawBufferPointer(rebasing: memory[range.upperBound..<(range.upperBound + count)])
        let filled = try read(space)
        range = range.lowerBound..<(range.upperBound + filled)
        return filled
    }

    /// Takes the first bytes.
    mutating func take(_ count: Int) -> [UInt8] {
        let taken = Array(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        range = range.count == count ? 0..<0 : (range.lowerBound + count)..<range.upperBound
        return taken
    }
}
