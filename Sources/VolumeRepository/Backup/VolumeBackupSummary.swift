/// What a backup of a volume found and did.
public struct VolumeBackupSummary: Sendable, Equatable {
    /// Regular files, each hard link counted.
    public var files = 0
    /// Directories, with the root.
    public var directories = 0
    /// Symbolic links, fifos and devices.
    public var others = 0
    /// The bytes of all files, holes included.
    public var bytes: Int64 = 0
    /// Files whose content was taken from the previous snapshot without reading it.
    public var unchangedFiles = 0
    /// Bytes of content that were read.
    public var bytesRead: Int64 = 0
    /// Bytes of content that the repository did not have.
    public var newBytes: Int64 = 0
    /// What the repository grew by for content, compressed, in bytes.
    public var contentBytesStored: Int64 = 0
    /// What the repository grew by for the tree, compressed, in bytes.
    public var treeBytesStored: Int64 = 0
    /// Entries that are missing or incomplete, each told to the observer.
    public var problems = 0
    /// Files that changed or vanished while they were read, each told to the observer.
    public var changing = 0
    /// Entries that were left out on purpose, each told to the observer.
    public var skipped = 0
    /// The chunks of the tree, in order.
    public var tree: [ChunkID] = []
    /// The bytes of the tree.
    public var treeBytes: Int64 = 0

    /// Nothing yet.
    public init() {}

    mutating func add(_ part: VolumeBackupSummary) {
        files += part.files
        directories += part.directories
        others += part.others
        bytes += part.bytes
        unchangedFiles += part.unchangedFiles
        bytesRead += part.bytesRead
        newBytes += part.newBytes
        contentBytesStored += part.contentBytesStored
        treeBytesStored += part.treeBytesStored
        problems += part.problems
        changing += part.changing
        skipped += part.skipped
    }
}

/// Something about one entry that the user should know.
public struct VolumeProblem: Sendable, Hashable {
    /// How bad it is.
    public enum Severity: String, Sendable {
        /// The entry is not in the snapshot.
        case missing
        /// The entry is in the snapshot without something that belongs to it, such as an attribute.
        case incomplete
        /// The entry changed while it was read: it is in the snapshot as it was at some moments of the reading, or is not
        /// there any more and not in the snapshot.
        case changing
        /// A remark: what is left out has no meaning elsewhere.
        case note
    }

    /// The path below the volume's root.
    public let path: [UInt8]
    /// How bad it is.
    public let severity: Severity
    /// What happened.
    public let reason: String

    /// A problem.
    public init(path: [UInt8], severity: Severity, reason: String) {
        self.path = path
        self.severity = severity
        self.reason = reason
    }
}
