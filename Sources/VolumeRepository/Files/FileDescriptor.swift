import CLinux
import Glibc

/// Owns an open file; closes it when the last one lets go.
///
/// Names are single components of bytes, looked up in a directory's descriptor, so that nothing that happens to the
/// path above it leads elsewhere. All calls block.
public final class FileDescriptor: Sendable {
    /// The process's number for it.
    let number: Int32

    init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Opens a path of the process's own: the root of a walk or of a restore. Follows symbolic links.
    static func openDirectory(path: String) throws(FileError) -> FileDescriptor {
        let number = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw FileError("open", Array(path.utf8)) }
        return FileDescriptor(owning: number)
    }

    /// Opens a name in this directory; never follows a symbolic link, never waits for a fifo's other end.
    func open(_ name: [UInt8], flags: Int32, mode: mode_t = 0) -> FileDescriptor? {
        let flags = flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        let number = withCName(name) { openat(self.number, $0, flags, mode) }
        return number >= 0 ? FileDescriptor(owning: number) : nil
    }

    /// Opens a name to read it, without a trace in its access time where the system allows that.
    func openForReading(_ name: [UInt8], flags: Int32 = 0) -> FileDescriptor? {
        if let file = open(name, flags: O_RDONLY | flags | Int32(godwit_o_noatime)) { return file }
        return errno == EPERM ? open(name, flags: O_RDONLY | flags) : nil
    }

    /// Opens a name only to look at it and to change what is said of it; needs no permission on it and has no effect on
    /// it, whatever it is. A symbolic link is opened itself.
    func openHandle(_ name: [UInt8]) -> FileDescriptor? { open(name, flags: Int32(godwit_o_path)) }

    /// The number of the mount that this was reached through; 0 where the system does not say.
    var mount: UInt64 { godwit_mount_id(number) }

    /// Whether this directory is on the same file system as another one, and in the same mount of it.
    func isInMount(of other: FileDescriptor) -> Bool {
        guard let own = status(), let status = other.status() else { return false }
        return own.fileSystem == status.fileSystem && mount == other.mount
    }

    /// What the open file is.
    func status() -> FileStatus? {
        var status = stat()
        return fstat(number, &status) == 0 ? FileStatus(status) : nil
    }

    /// What a name in this directory is; a symbolic link is not followed.
    func status(of name: [UInt8]) -> FileStatus? {
        var status = stat()
        let result = withCName(name) { fstatat(number, $0, &status, AT_SYMLINK_NOFOLLOW) }
        return result == 0 ? FileStatus(status) : nil
    }

    /// The names in this directory without `.` and `..`, sorted by their bytes; nil with `errno` set on failure.
    func sortedNames() -> NameList? {
        let duplicate = openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard duplicate >= 0 else { return nil }
        guard let stream = fdopendir(duplicate) else {
            close(duplicate)
            return nil
        }
        defer { closedir(stream) }
        var names = NameList()
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { return nil }
                break
            }
            guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return nil }
            let name = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
            if strcmp(name, ".") != 0 && strcmp(name, "..") != 0 { names.append(name) }
        }
        names.sort()
        return names
    }

    /// What a symbolic link in this directory points to; with an empty name, what this handle of one does.
    func linkTarget(of name: [UInt8], sizeHint: Int64) -> [UInt8]? {
        var room = max(256, min(Int(clamping: sizeHint) + 1, 1 << 16))
        while true {
            var buffer = [UInt8](repeating: 0, count: room)
            let length = buffer.withUnsafeMutableBytes { bytes in
                guard let base = bytes.bindMemory(to: CChar.self).baseAddress else { return -1 }
                return withCName(name) { readlinkat(number, $0, base, room) }
            }
            guard length >= 0 else { return nil }
            if length < room { return Array(buffer[..<length]) }
            room *= 2
        }
    }
}

/// Calls a body with a name as the system wants it: with a zero byte at its end.
func withCName<Result>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: name.count + 1) { buffer in
        for (index, byte) in name.enumerated() { buffer[index] = CChar(bitPattern: byte) }
        buffer[name.count] = 0
        // A buffer of one element or more has a first one; an empty name finds nothing.
        guard let base = buffer.baseAddress else { return "".withCString(body) }
        return body(base)
    }
}

/// Raises the number of files that this process may have open to what the system lets it have.
public func raiseOpenFileLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else {
        return
    }
    limit.rlim_cur = limit.rlim_max
    // Where even that is refused, the limit stays, and a walk that reaches it says so.
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}
