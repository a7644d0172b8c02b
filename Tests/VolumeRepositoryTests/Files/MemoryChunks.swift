import Synchronization

@testable import VolumeRepository

/// Chunks in memory, for tests of what reads them. Ids count up; equal content is one chunk.
final class MemoryChunks: ChunkReading, Sendable {
    struct Damaged: Error, CustomStringConvertible {
        let description = "the chunk is damaged"
    }

    private let state = Mutex((contents: [[UInt8]](), ids: [[UInt8]: ChunkID](), damaged: Set<ChunkID>()))

    func add(_ content: [UInt8]) -> ChunkID {
        state.withLock { state in
            if let id = state.ids[content] { return id }
            let id = ChunkID(words: (UInt64(state.contents.count) &* 0x9E37_79B9_7F4A_7C15, 0xAB, 0, 0xFF))
            state.contents.append(content)
            state.ids[content] = id
            return id
        }
    }

    func damage(_ id: ChunkID) { state.withLock { _ = $0.damaged.insert(id) } }

    func content(of id: ChunkID) async throws -> [UInt8] {
        try state.withLock { state in
            if state.damaged.contains(id) { throw Damaged() }
            guard let (content, _) = state.ids.first(where: { $0.value == id }) else { throw Damaged() }
            return content
        }
    }
}

/// What a backup does, in its simplest form.
struct MiniBackup {
    let chunks = MemoryChunks()
    var tree: [ChunkID] = []
    var entries: [TreeEntry] = []
    var problems: [WalkProblem] = []

    init(of root: String, options: WalkOptions = WalkOptions(), extentLength: Int = 100_000) throws {
        let walker = try DirectoryWalker(root: root, options: options)
        var pending: [UInt8] = []
        while let event = walker.next() {
            switch event {
            case .problem(let problem): problems.append(problem)
            case .item(let item):
                var entry = item.entry()
                entry.attributes = item.attributes().attributes
                if entry.kind == .file, entry.hardLink == nil {
                    do {
                        entry.extents = try extents(of: item, length: extentLength, &pending)
                    } catch {
                        problems.append(WalkProblem(path: item.path, reason: "\(error)", severity: .failure))
                        continue
                    }
                }
                entries.append(entry)
            }
        }
        try store()
    }

    init(entries: [TreeEntry]) throws {
        self.entries = entries
        try store()
    }

    private mutating func store(pieceLength: Int = 10_000) throws {
        var encoder = TreeEncoder()
        var bytes: [UInt8] = []
        for entry in entries { try encoder.append(entry, to: &bytes) }
        tree = []
        for start in stride(from: 0, to: bytes.count, by: pieceLength) {
            tree.append(chunks.add(Array(bytes[start..<min(bytes.count, start + pieceLength)])))
        }
    }

    private func extents(of item: WalkItem, length: Int, _ pending: inout [UInt8]) throws -> [Extent] {
        let content = try FileContent.open(item)
        var extents: [Extent] = []
        var offset: Int64 = 0
        while offset < content.status.size {
            switch content.region(at: offset) {
            case .hole(let hole):
                extents.append(.hole(length: hole.upperBound - hole.lowerBound))
                offset = hole.upperBound
            case .data(let data):
                while offset < data.upperBound {
                    let piece = try content.read(at: offset, count: min(length, Int(data.upperBound - offset)))
                    // A byte before and after, so that offsets matter.
                    let id = chunks.add([7] + piece + [9])
                    extents.append(.chunk(id, offset: 1, length: piece.count))
                    offset += Int64(piece.count)
                }
            }
        }
        return extents
    }

    func restorer(_ options: RestoreOptions = RestoreOptions()) -> Restorer {
        var options = options
        options.synchronizes = false
        return Restorer(chunks: tree, from: chunks, options: options)
    }
}
