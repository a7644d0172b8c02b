/// Where the last frames of a stream began, compressed and decompressed.
struct FrameTrail {
    private var starts: [(compressed: Int64, decompressed: Int64)] = []

    /// Notes that a frame begins. One that had no content is forgotten, so that empty frames cost no memory.
    mutating func begin(compressed: Int64, decompressed: Int64) {
        if starts.last?.decompressed == decompressed { starts.removeLast() }
        starts.append((compressed, decompressed))
    }

    /// The location of content whose entry begins at `header`; nil when it passes the end of its frame.
    ///
    /// Frames before that of the header are forgotten: entries come in order.
    mutating func location(header: Int64, start: Int64, length: Int64) -> ContentLocation? {
        guard let index = starts.lastIndex(where: { $0.decompressed <= header }) else { return nil }
        starts.removeFirst(index)
        if starts.count > 1, start + length > starts[1].decompressed { return nil }
        return ContentLocation(frame: starts[0].compressed, offset: start - starts[0].decompressed, length: length)
    }
}
