import Tarball

/// Where the frames of a tarball begin, as far as its index tells; frames follow each other without gaps.
struct FrameTable: Sendable {
    private var offsets: [Int64] = []
    /// The size of the tarball.
    var size: Int64 = 0

    /// Notes the frame of an entry; entries come in the order of the tarball.
    mutating func add(_ location: ContentLocation) {
        if let last = offsets.last, location.frame <= last { return }
        offsets.append(location.frame)
    }

    /// The bytes that hold a frame: up to the next one that is known, so there may be more than the frame in them.
    func range(ofFrame offset: Int64) -> Range<Int64>? {
        guard offset >= 0, offset < size else { return nil }
        var low = 0
        var high = offsets.count
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle] <= offset { low = middle + 1 } else { high = middle }
        }
        return offset..<(low < offsets.count ? min(offsets[low], size) : size)
    }
}

/// One read of neighbouring frames, and what is wanted of them.
struct FrameRead: Sendable {
    /// A frame of the read: where it is in what was read, and the entries wanted of it, by their place in the request.
    struct Frame: Sendable {
        let range: Range<Int64>
        var entries: Range<Int>
    }

    var frames: [Frame]

    var range: Range<Int64> { frames[0].range.lowerBound..<frames[frames.count - 1].range.upperBound }
    var entries: Range<Int> { frames[0].entries.lowerBound..<frames[frames.count - 1].entries.upperBound }
}

/// Plans the reads for some entries: neighbours are read together as long as a read stays small.
struct FrameReadPlanner: Sendable {
    /// A read of several frames has at most this many bytes.
    static let coalescedLimit: Int64 = 2 * 1024 * 1024
    /// Frames that are not wanted are read along when they are at most this many bytes.
    static let gapLimit: Int64 = 128 * 1024

    let entries: [IndexEntry]
    let table: FrameTable
    private var next = 0

    init(entries: [IndexEntry], table: FrameTable) {
        self.entries = entries
        self.table = table
    }

    /// The next read; nil at the end. An entry whose frame cannot be gives a read of its own with an empty range.
    mutating func nextRead() -> FrameRead? {
        var read: FrameRead?
        while next < entries.count {
            let frame = frame(at: next)
            guard var current = read else {
                read = FrameRead(frames: [frame])
                next = frame.entries.upperBound
                continue
            }
            let gap = frame.range.lowerBound - current.range.upperBound
            guard (0...Self.gapLimit).contains(gap), !frame.range.isEmpty, !current.range.isEmpty,
                frame.range.upperBound - current.range.lowerBound <= Self.coalescedLimit
            else { break }
            current.frames.append(frame)
            read = current
            next = frame.entries.upperBound
        }
        return read
    }

    /// The frame of an entry, with the entries after it that are in the same frame.
    private func frame(at start: Int) -> FrameRead.Frame {
        let offset = entries[start].location.frame
        var end = start + 1
        while end < entries.count, entries[end].location.frame == offset { end += 1 }
        let range = table.range(ofFrame: offset) ?? 0..<0
        return FrameRead.Frame(range: range, entries: start..<end)
    }
}
