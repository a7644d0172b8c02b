import Streams

/// Where the previous snapshot has the content of small files, whatever their paths: what was moved is read, and not
/// stored again.
///
/// Memory: 40 bytes a small file, for up to ``mostFiles``; those beyond are stored again where they moved to.
final class KnownContents: Sendable {
    /// The most files that are remembered.
    static let mostFiles = 2 << 20

    private struct File {
        let content: ChunkID
        /// The chunk's place in ``chunks``; neighbours share one, so that it is named once.
        let chunk: UInt32
        let offset: UInt32
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
                guard let content = entry.contentID, entry.extents.count == 1,
                    case .chunk(let id, let start, let length) = entry.extents[0], Int64(length) == entry.size,
                    let offset = UInt32(exactly: start)
                else { continue }
                if files.count == Self.mostFiles { break reading }
                if chunks.last != id { chunks.append(id) }
                files.append(File(content: content, chunk: UInt32(chunks.count - 1), offset: offset))
            }
        }
        self.files = try await BlockingPool.shared.run { [files] in files.sorted { $0.content < $1.content } }
        self.chunks = chunks
    }

    /// Where the content with an id and a size is; nil when the snapshot has it nowhere.
    func extent(of content: ChunkID, size: Int) -> Extent? {
        var (low, high) = (0, files.count)
        while low < high {
            let middle = (low + high) / 2
            if files[middle].content < content { low = middle + 1 } else { high = middle }
        }
        guard low < files.count, files[low].content == content else { return nil }
        return .chunk(chunks[Int(files[low].chunk)], offset: Int(files[low].offset), length: size)
    }
}
