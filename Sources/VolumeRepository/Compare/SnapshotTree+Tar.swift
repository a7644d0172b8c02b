public import Streams

extension SnapshotTree {
    /// The volume, or a part of it, as one tar: pax, with attributes, nanoseconds, hard links and holes as GNU tar
    /// writes them. Names are as in the volume, the root is `./`.
    ///
    /// A hard link whose first path lies outside of the part comes as a link all the same. The stream fails when a chunk
    /// cannot be read: half a tar is never ended as if it were whole.
    public func tar(of path: [UInt8] = []) -> ByteStream {
        let tree = self
        return ByteStream.produced { output in
            var cursor = TreeCursor(tree.reader())
            var found = false
            while let entry = try await cursor.next() {
                guard TreePath.isAtOrBelow(entry.path, path) else {
                    if found { break }
                    continue
                }
                found = true
                try await tree.send(entry, &cursor, to: output)
            }
            guard found else { throw TreeError.notFound(path: TreePath.text(path)) }
            try await output.send([UInt8](repeating: 0, count: 1024))
        }
    }

    private func send(
        _ entry: TreeEntry, _ cursor: inout TreeCursor, to output: BoundedChannel<[UInt8]>
    ) async throws {
        let content = ContentProducer(source: source, output: output)
        let covered = entry.extents.reduce(0) { $0 + $1.length }
        // The map of holes comes before the content, so only that of a file with a bounded number of extents is written.
        let map = covered == entry.size ? SparseMap(entry.extents) : nil
        try await output.send(PaxHeader.bytes(of: entry, sparse: map))
        guard entry.kind == .file, entry.hardLink == nil else { return }
        if let map { try await output.send(map.text) }
        try await content.send(entry.extents, zeros: map == nil)
        while let extents = try await cursor.moreExtents() { try await content.send(extents) }
        let length = map?.storedLength ?? entry.size
        try await content.sendZeros((512 - length % 512) % 512)
    }
}

/// Where the data of a file with holes is: format 1.0 of GNU tar's sparse files, which stands before the data.
struct SparseMap {
    /// The map, filled up to whole blocks.
    let text: [UInt8]
    /// The bytes of map and data together.
    let storedLength: Int64

    /// The map of extents that are a file's whole content; nil when there are no holes.
    init?(_ extents: [Extent]) {
        var stretches: [(offset: Int64, length: Int64)] = []
        var (offset, data): (Int64, Int64) = (0, 0)
        var hasHoles = false
        for extent in extents {
            switch extent {
            case .hole: hasHoles = true
            case .chunk:
                data += extent.length
                if let last = stretches.last, last.offset + last.length == offset {
                    stretches[stretches.count - 1].length += extent.length
                } else {
                    stretches.append((offset, extent.length))
                }
            }
            offset += extent.length
        }
        guard hasHoles else { return nil }
        // The end of the last stretch is the end of the file.
        if stretches.last.map({ $0.offset + $0.length }) != offset { stretches.append((offset, 0)) }
        var text = Array("\(stretches.count)\n".utf8)
        for stretch in stretches { text.append(contentsOf: "\(stretch.offset)\n\(stretch.length)\n".utf8) }
        text.append(contentsOf: [UInt8](repeating: 0, count: (512 - text.count % 512) % 512))
        self.text = text
        storedLength = Int64(text.count) + data
    }
}
