import Streams

/// Where the previous snapshot has the content of small files, whatever their paths: what was moved is read, and not
/// stored again.
///
/// Memory: 48 bytes a small file, for up to ``mostFiles``; those beyond are stored again where they moved to.
final class KnownContents: Sendable {
    /// The most files that are remembered.
    static let mostFiles = 2 << 20

    private struct File {
        let content: ChunkID
        /// The chunk's place in ``chunks``; neighbours share one, so that it is named once.
        let chunk: UInt32
        let offset: UInt32
        let layout: FileLayout
    }

    /// In the order of their contents.
    private let files: [File]
    private let chunks: [ChunkID]

    /// Reads a tree once.
    ///
    /// - Throws: ``TreeError``, or what the source of chunks throws.
    init(_ tree: TreeReader) async throws {
        var (files, chunks): ([File], [ChunkID]) = ([], [])
        reading: while let events = try await tree.nextBatch() {
            for case .entry(let entry, _) in events {
                guard let content = entry.contentID, let (id, start) = Self.stretch(of: entry),
                    let offset = UInt32(exactly: start)
                else { continue }
                if files.count == Self.mostFiles { break reading }
                if chunks.last != id { chunks.append(id) }
                files.append(
                    File(
                        content: content, chunk: UInt32(chunks.count - 1), offset: offset,
                        layout: FileLayout(entry.extents)))
            }
        }
        // In place: a copy of millions of them would be most of what a backup takes.
        files.sort { $0.content < $1.content }
        self.files = files
        self.chunks = chunks
    }

    /// Where an entry's data begins, when it is one stretch of one chunk, whatever holes are in between.
    private static func stretch(of entry: TreeEntry) -> (chunk: ChunkID, offset: Int)? {
        var stretch: (chunk: ChunkID, offset: Int)?
        var end = 0
        var size: Int64 = 0
        for extent in entry.extents {
            size += extent.length
            guard case .chunk(let id, let offset, let length) = extent else { continue }
            if let stretch {
                guard id == stretch.chunk, offset == end else { return nil }
            } else {
                stretch = (id, offset)
            }
            end = offset + length
        }
        return size == entry.size ? stretch : nil
    }

    /// Where the content with an id is, for a file whose data and holes are laid out like `extents`; nil when the
    /// snapshot has it nowhere.
    func extents(of content: ChunkID, like extents: [Extent]) -> [Extent]? {
        var (low, high) = (0, files.count)
        while low < high {
            let middle = (low + high) / 2
            if files[middle].content < content { low = middle + 1 } else { high = middle }
        }
        let layout = FileLayout(extents)
        while low < files.count, files[low].content == content {
            let file = files[low]
            if file.layout == layout {
                var offset = Int(file.offset)
                return extents.map { extent in
                    guard case .chunk(_, _, let length) = extent else { return extent }
                    defer { offset += length }
                    return .chunk(chunks[Int(file.chunk)], offset: offset, length: length)
                }
            }
            low += 1
        }
        return nil
    }
}

/// How data and holes follow each other in a file. Only good for comparing within a process.
struct FileLayout: Equatable {
    private let digest: Int

    init(_ extents: [Extent]) {
        var hasher = Hasher()
        for extent in extents {
            if case .hole = extent { hasher.combine(true) } else { hasher.combine(false) }
            hasher.combine(extent.length)
        }
        digest = hasher.finalize()
    }
}
