import Glibc

/// What the file system says of a file without opening it.
public struct FileStatus: Sendable, Equatable {
    /// What it is; nil for a socket or something unheard of.
    public let kind: TreeEntry.Kind?
    /// The permission bits with set-user-id, set-group-id and sticky.
    public let mode: UInt16
    /// The owner's number.
    public let user: UInt32
    /// The group's number.
    public let group: UInt32
    /// Bytes of content.
    public let size: Int64
    /// Bytes that are allocated for it; less than ``size`` in a file with holes.
    public let allocated: Int64
    /// When the content changed.
    public let modified: TreeEntry.Time
    /// When the content or the attributes changed.
    public let changed: TreeEntry.Time
    /// The inode's number.
    public let inode: UInt64
    /// The number of hard links.
    public let links: UInt32
    /// The file system that it is on.
    public let fileSystem: UInt64
    /// The major and minor number of a device.
    public let device: (major: UInt32, minor: UInt32)

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symlink
            case S_IFIFO: .fifo
            case S_IFCHR: .characterDevice
            case S_IFBLK: .blockDevice
            default: nil
            }
        mode = UInt16(status.st_mode & 0o7777)
        user = status.st_uid
        group = status.st_gid
        size = Int64(status.st_size)
        allocated = Int64(status.st_blocks) * 512
        modified = TreeEntry.Time(status.st_mtim)
        changed = TreeEntry.Time(status.st_ctim)
        inode = UInt64(status.st_ino)
        links = UInt32(truncatingIfNeeded: status.st_nlink)
        fileSystem = UInt64(status.st_dev)
        device = Self.numbers(of: UInt64(status.st_rdev))
    }

    /// All fields are equal.
    public static func == (left: FileStatus, right: FileStatus) -> Bool {
        left.isSameContent(as: right) && left.kind == right.kind && left.mode == right.mode && left.user == right.user
            && left.group == right.group && left.allocated == right.allocated && left.links == right.links
            && left.device == right.device
    }

    /// Whether nothing says that the content became another one: size, both times, inode and file system are equal.
    public func isSameContent(as other: FileStatus) -> Bool {
        size == other.size && modified == other.modified && changed == other.changed && inode == other.inode
            && fileSystem == other.fileSystem
    }

    // glibc's gnu_dev_major and gnu_dev_minor, which are macros.

    /// The major and minor part of a device's number.
    static func numbers(of device: UInt64) -> (major: UInt32, minor: UInt32) {
        let major = (device >> 8 & 0xFFF) | (device >> 32 & 0xFFFF_F000)
        let minor = (device & 0xFF) | (device >> 12 & 0xFFFF_FF00)
        return (UInt32(truncatingIfNeeded: major), UInt32(truncatingIfNeeded: minor))
    }

    /// A device's number from its parts.
    static func deviceNumber(major: UInt32, minor: UInt32) -> UInt64 {
        let (major, minor) = (UInt64(major), UInt64(minor))
        return (major & 0xFFF) << 8 | (major & 0xFFFF_F000) << 32 | (minor & 0xFF) | (minor & 0xFFFF_FF00) << 12
    }
}

extension TreeEntry.Time {
    init(_ time: timespec) { self.init(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec)) }

    var timespec: Glibc.timespec { .init(tv_sec: time_t(seconds), tv_nsec: Int(nanoseconds)) }
}
