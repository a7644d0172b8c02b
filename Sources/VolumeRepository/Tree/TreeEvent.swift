/// What a tree's stream brings: entries in path order, and the extents of large files in pieces.
public enum TreeEvent: Sendable, Equatable {
    /// The next entry. Where it is not complete, its extents do not add up to its size yet, and the rest follows.
    case entry(TreeEntry, isComplete: Bool)
    /// Further extents of the entry that came last.
    case extents([Extent], isLast: Bool)
}

/// Bounds of what a tree may hold, so that a reader's memory is bounded whatever it is given.
public enum TreeLimits {
    /// The extents of one line; a larger file goes on in further lines.
    public static let extentsPerLine = 1024
    /// The bytes of a path, or of the target of a symbolic link.
    public static let path = 64 << 10
    /// The components of a path: directories are held open on the way down, by a walk and by a restore.
    public static let depth = 2048
    /// The bytes of the names and values of an entry's attributes together.
    public static let attributes = 1 << 20
    /// The bytes of a line.
    public static let line = 4 << 20
}
