public import GodwitModel

/// A snapshot's tree cannot be read or written.
public enum TreeError: AdvisedError, Equatable {
    /// A line, counted from 1, is not what the format says.
    case malformed(line: Int, reason: String)
    /// The tree ends in the middle of a line or of a file's content.
    case truncated(line: Int)
    /// An entry that is to be written is none that may be read.
    case unwritable(path: String, reason: String)
    /// A file is said to hold more of a chunk than the chunk has.
    case contentBeyondChunk(ChunkID)
    /// A path that was asked for is not in the tree.
    case notFound(path: String)
    /// A path that was asked for is something else than what was asked for.
    case notAFile(path: String)

    /// What failed.
    public var summary: String {
        switch self {
        case .malformed(let line, _): "line \(line) of the snapshot's tree is damaged"
        case .truncated(let line): "the snapshot's tree ends too early, in line \(line)"
        case .unwritable(let path, _): "cannot keep \(path) in a snapshot's tree"
        case .contentBeyondChunk(let id): "chunk \(id) is shorter than the snapshot's tree says"
        case .notFound(let path): "there is no \(path) in the snapshot"
        case .notAFile(let path): "\(path) in the snapshot is no file with content"
        }
    }

    /// Why.
    public var reason: String? {
        switch self {
        case .malformed(_, let reason), .unwritable(_, let reason): reason
        case .truncated, .contentBeyondChunk, .notFound, .notAFile: nil
        }
    }

    /// What to do next.
    public var advice: String? {
        switch self {
        case .malformed, .truncated, .contentBeyondChunk:
            "run `godwit repository check`; the other snapshots are not concerned"
        case .unwritable: nil
        case .notFound, .notAFile: "list what there is with `godwit volume ls`"
        }
    }
}
