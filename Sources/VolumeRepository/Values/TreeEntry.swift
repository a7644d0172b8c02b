/// One file, directory or other thing of a volume, as a snapshot keeps it.
public struct TreeEntry: Sendable, Equatable {
    /// What it is. Sockets are not kept: they have no meaning without their process.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case file, directory, symlink, fifo, characterDevice, blockDevice
    }

    /// A moment of a file system.
    public struct Time: Sendable, Hashable {
        /// Seconds since 1970 in UTC; negative before.
        public var seconds: Int64
        /// 0 to 999,999,999.
        public var nanoseconds: Int32

        /// A moment.
        public init(seconds: Int64, nanoseconds: Int32) {
            self.seconds = seconds
            self.nanoseconds = nanoseconds
        }
    }

    /// An extended attribute; POSIX ACLs are those named `system.posix_acl_access` and `…_default`.
    public struct Attribute: Sendable, Hashable {
        /// The name with its namespace: any bytes but zero.
        public var name: [UInt8]
        /// Any bytes.
        public var value: [UInt8]

        /// An attribute.
        public init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// Where it is below the volume's root: any bytes but zero, components joined by `/`, none empty, `.` or `..`.
    /// The root itself has the empty path.
    public var path: [UInt8]
    /// What it is.
    public var kind: Kind
    /// The permission bits, with set-user-id, set-group-id and sticky: 0 to 0o7777.
    public var mode: UInt16
    /// The owner's number.
    public var user: UInt32
    /// The group's number.
    public var group: UInt32
    /// The bytes of a file; 0 for anything else.
    public var size: Int64 = 0
    /// When the content changed.
    public var modified: Time
    /// When the content or the attributes changed (ctime).
    public var changed: Time
    /// The number of the inode, with which an unchanged file is told.
    public var inode: UInt64
    /// The number of hard links to it, at least 1.
    public var links: UInt32 = 1
    /// The path of the first entry in path order that is the same file, for the further hard links; they have no
    /// content and no attributes of their own.
    public var hardLink: [UInt8]?
    /// What a symbolic link points to.
    public var target: [UInt8] = []
    /// The major and minor number of a device.
    public var device: (major: UInt32, minor: UInt32) = (0, 0)
    /// Extended attributes in the order of their names.
    public var attributes: [Attribute] = []
    /// The id that the whole content would have as one chunk, of files whose content shares a chunk with others':
    /// a touched file is told from a changed one by it.
    public var contentID: ChunkID?
    /// The content of a file in order; their lengths add up to ``size``.
    public var extents: [Extent] = []

    /// An entry; what has a default is set afterwards.
    public init(
        path: [UInt8], kind: Kind, mode: UInt16, user: UInt32, group: UInt32, modified: Time, changed: Time,
        inode: UInt64
    ) {
        self.path = path
        self.kind = kind
        self.mode = mode
        self.user = user
        self.group = group
        self.modified = modified
        self.changed = changed
        self.inode = inode
    }

    /// All fields are equal.
    public static func == (left: TreeEntry, right: TreeEntry) -> Bool {
        left.path == right.path && left.kind == right.kind && left.mode == right.mode && left.user == right.user
            && left.group == right.group && left.size == right.size && left.modified == right.modified
            && left.changed == right.changed && left.inode == right.inode && left.links == right.links
            && left.hardLink == right.hardLink && left.target == right.target && left.device == right.device
            && left.attributes == right.attributes && left.contentID == right.contentID
            && left.extents == right.extents
    }
}

/// Path order: that of the components' bytes, so that a directory stands right before what is in it.
///
/// It is the order of the paths' bytes with `/` lower than all others.
public func isBeforeInPathOrder(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    for (a, b) in zip(left, right) where a != b {
        if a == UInt8(ascii: "/") { return true }
        if b == UInt8(ascii: "/") { return false }
        return a < b
    }
    return left.count < right.count
}
