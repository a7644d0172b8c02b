import Glibc

/// A file that a walk came to, with what is needed to open it later wherever its path has gone meanwhile.
public struct WalkItem: Sendable {
    /// Where it is below the walk's root; empty for the root.
    public let path: [UInt8]
    /// What the walk saw of it.
    public let status: FileStatus
    /// What it is.
    public let kind: TreeEntry.Kind
    /// What a symbolic link points to; empty for anything else.
    public let target: [UInt8]
    /// The path of the first item that is the same file; nil for that one itself, and for files with one link.
    public let hardLink: [UInt8]?
    /// The directory that it is in, shared by all items of that directory; for the root it is the root itself.
    let directory: FileDescriptor
    /// Its name there.
    let name: [UInt8]

    /// An entry with all but the attributes and the content.
    public func entry() -> TreeEntry {
        var entry = TreeEntry(
            path: path, kind: kind, mode: status.mode, user: status.user, group: status.group,
            modified: status.modified, changed: status.changed, inode: status.inode)
        if kind == .file { entry.size = status.size }
        entry.links = max(1, status.links)
        entry.hardLink = hardLink
        entry.target = target
        if kind == .characterDevice || kind == .blockDevice { entry.device = status.device }
        return entry
    }

    /// The extended attributes, ACLs among them, and what could not be read of them. Blocks.
    ///
    /// Attributes of more than ``TreeLimits/attributes`` bytes are left out, with a failure that says so.
    public func attributes() -> (attributes: [TreeEntry.Attribute], failures: [FileError]) {
        if hardLink != nil { return ([], []) }
        return directory.attributes(of: name, path: path, limit: TreeLimits.attributes)
    }
}

/// What a walk could not do, or left out for a reason that a person should know.
public struct WalkProblem: Sendable, Equatable {
    /// How bad it is.
    public enum Severity: Sendable, Equatable {
        /// Something that should be in the snapshot is not.
        case failure
        /// Something is left out on purpose: a socket, what is mounted inside.
        case note
    }

    /// Where.
    public let path: [UInt8]
    /// What, in words.
    public let reason: String
    /// How bad it is.
    public let severity: Severity
}

/// What a walk brings, in path order.
public enum WalkEvent: Sendable {
    /// The next file, directory or other thing.
    case item(WalkItem)
    /// Something that is not in the snapshot.
    case problem(WalkProblem)
}
