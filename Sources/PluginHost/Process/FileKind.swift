import CProcess
import Glibc

/// What a file is, and whose.
struct FileKind {
    private let mode: UInt32
    /// The owner's number.
    let owner: UInt32

    /// Looks at a path; nil with `errno` set where that cannot be done.
    init?(of path: String, followingLinks: Bool) {
        var (mode, owner): (UInt32, UInt32) = (0, 0)
        guard godwit_file_status(path, followingLinks ? 1 : 0, &mode, &owner) == 0 else { return nil }
        self.mode = mode
        self.owner = owner
    }

    /// Whether it is a regular file.
    var isFile: Bool { mode & S_IFMT == S_IFREG }
    /// Whether it is a socket.
    var isSocket: Bool { mode & S_IFMT == S_IFSOCK }
    /// Whether anybody may change it.
    var isWritableByAll: Bool { mode & S_IWOTH != 0 }
    /// Whether only owners may remove and rename what is in a directory.
    var isSticky: Bool { mode & S_ISVTX != 0 }
    /// Whether anybody at all may execute it.
    var isExecutable: Bool { mode & 0o111 != 0 }
}
