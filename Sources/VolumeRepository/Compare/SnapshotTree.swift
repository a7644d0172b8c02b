public import Streams

/// A snapshot's tree to look into: lists, files and tarballs of it.
public struct SnapshotTree: Sendable {
    let chunks: [ChunkID]
    let source: any ChunkReading

    /// A tree.
    ///
    /// - Parameters:
    ///   - chunks: the ids of the tree's chunks in order.
    ///   - source: where all chunks come from.
    public init(chunks: [ChunkID], from source: any ChunkReading) {
        self.chunks = chunks
        self.source = source
    }

    func reader() -> TreeReader { TreeReader(chunks: chunks, from: source) }

    /// Calls a function with what is in a directory, or with the one entry that is no directory, in path order.
    ///
    /// - Parameters:
    ///   - path: below the volume's root; empty for the root.
    ///   - isRecursive: also what is in the directories in it.
    /// - Throws: ``TreeError/notFound(path:)``, and what the source and the function throw.
    public func list(
        _ path: [UInt8] = [], isRecursive: Bool = false, _ visit: (TreeEntry) async throws -> Void
    ) async throws {
        var cursor = TreeCursor(reader())
        var found = false
        while let entry = try await cursor.next() {
            if entry.path == path {
                found = true
                guard entry.kind == .directory else { return try await visit(entry) }
            } else if TreePath.isAtOrBelow(entry.path, path) {
                let isChild =
                    TreePath.parentLength(of: entry.path) == path.count
                if isRecursive || isChild { try await visit(entry) }
            } else if found {
                return
            }
        }
        if !found { throw TreeError.notFound(path: TreePath.text(path)) }
    }

    /// The content of a file, with holes as zeros. A further hard link gives the content of its first one.
    ///
    /// The stream fails with ``TreeError/notFound(path:)`` or ``TreeError/notAFile(path:)``, or with what the source
    /// throws.
    public func content(of path: [UInt8]) -> ByteStream {
        let tree = self
        return ByteStream.produced { output in
            var (cursor, entry) = try await tree.find(path)
            // A hostile tree could lead from link to link, but only to paths before: this ends.
            while let first = entry.hardLink { (cursor, entry) = try await tree.find(first) }
            guard entry.kind == .file else { throw TreeError.notAFile(path: TreePath.text(path)) }
            let content = ContentProducer(source: tree.source, output: output)
            var extents: [Extent]? = entry.extents
            while let piece = extents {
                try await content.send(piece)
                extents = try await cursor.moreExtents()
            }
        }
    }

    private func find(_ path: [UInt8]) async throws -> (TreeCursor, TreeEntry) {
        var cursor = TreeCursor(reader())
        while let entry = try await cursor.next() {
            if entry.path == path { return (cursor, entry) }
            if isBeforeInPathOrder(path, entry.path) { break }
        }
        throw TreeError.notFound(path: TreePath.text(path))
    }
}

/// Sends the content of extents.
struct ContentProducer: Sendable {
    let source: any ChunkReading
    let output: BoundedChannel<[UInt8]>

    func send(_ extents: [Extent], zeros: Bool = true) async throws {
        for extent in extents {
            switch extent {
            case .chunk(let id, let start, let length):
                let content = try await source.content(of: id)
                try await output.send(Array(try FileRestorer.piece(of: content, id, start, length)))
            case .hole(let length): if zeros { try await sendZeros(length) }
            }
        }
    }

    func sendZeros(_ count: Int64) async throws {
        var rest = count
        while rest > 0 {
            let piece = Int(min(rest, 1 << 20))
            try await output.send([UInt8](repeating: 0, count: piece))
            rest -= Int64(piece)
        }
    }
}

extension ByteStream {
    /// What a function sends, while it is read; the function is cancelled when nobody reads any more.
    static func produced(
        _ produce: @escaping @Sendable (BoundedChannel<[UInt8]>) async throws -> Void
    ) -> ByteStream {
        let channel = BoundedChannel<[UInt8]>(limit: 4 << 20) { $0.count }
        Task {
            do {
                try await produce(channel)
                channel.finish()
            } catch {
                channel.finish(throwing: error)
            }
        }
        return ByteStream(channel)
    }
}
