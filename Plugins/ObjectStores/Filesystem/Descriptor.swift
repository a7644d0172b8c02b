import Glibc

/// An open file or directory; closed when the last reference is gone.
///
/// Names are single components given as bytes, never paths, and symbolic links are never followed: that is what keeps
/// every access inside the root.
final class Descriptor: Sendable {
    let number: Int32

    private init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Opens a directory by path. Links in the path are followed: the path is the user's own.
    static func openDirectory(path: String) throws(SystemError) -> Descriptor {
        Descriptor(owning: try check("open") { Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    }

    /// Makes a directory and those above it that are missing, each on the disk before the next one.
    static func makeDirectories(path: String) throws(SystemError) {
        do {
            try makeDirectory(path: path)
        } catch {
            guard error.code == ENOENT, let above = parent(of: path) else { throw error }
            try makeDirectories(path: above)
            try makeDirectory(path: path)
        }
    }

    private static func makeDirectory(path: String) throws(SystemError) {
        do {
            try check("mkdir \(path)") { mkdir(path, 0o700) }
        } catch {
            if error.code == EEXIST { return }
            throw error
        }
        try openDirectory(path: parent(of: path) ?? ".").synchronize()
    }

    private static func parent(of path: String) -> String? {
        var rest = Substring(path)
        while rest.last == "/" { rest.removeLast() }
        guard let slash = rest.lastIndex(of: "/") else { return nil }
        return slash == rest.startIndex ? "/" : String(rest[..<slash])
    }

    /// Opens a directory in this one.
    func openDirectory(_ name: [UInt8]) throws(SystemError) -> Descriptor {
        try open(name, O_RDONLY | O_DIRECTORY)
    }

    /// Opens something in this directory without following a link and without waiting for a fifo's other end.
    func open(_ name: [UInt8], _ flags: Int32, mode: mode_t = 0o600) throws(SystemError) -> Descriptor {
        let path = Self.terminated(name)
        let flags = flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        return Descriptor(owning: try check("open") { openat(number, path, flags, mode) })
    }

    /// Makes a directory in this one; false when the name exists already.
    func makeDirectory(_ name: [UInt8]) throws(SystemError) -> Bool {
        do {
            try check("mkdir") { mkdirat(number, Self.terminated(name), 0o700) }
            return true
        } catch {
            if error.code == EEXIST { return false }
            throw error
        }
    }

    /// What this descriptor is.
    func status() throws(SystemError) -> stat {
        var status = stat()
        try check("stat") { fstat(number, &status) }
        return status
    }

    /// What a name in this directory is; nil when there is none.
    func status(_ name: [UInt8]) throws(SystemError) -> stat? {
        var status = stat()
        do {
            try check("stat") { fstatat(number, Self.terminated(name), &status, AT_SYMLINK_NOFOLLOW) }
            return status
        } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
    }

    /// Removes a file's name; false when there is none.
    func unlink(_ name: [UInt8]) throws(SystemError) -> Bool {
        do {
            try check("unlink") { unlinkat(number, Self.terminated(name), 0) }
            return true
        } catch {
            if error.code == ENOENT { return false }
            throw error
        }
    }

    /// Removes an empty directory; false when it is not empty, in use, or gone.
    func removeDirectory(_ name: [UInt8]) throws(SystemError) -> Bool {
        do {
            try check("rmdir") { unlinkat(number, Self.terminated(name), AT_REMOVEDIR) }
            return true
        } catch {
            switch error.code {
            case ENOTEMPTY, EEXIST, ENOENT, EBUSY, ENOTDIR: return false
            default: throw error
            }
        }
    }

    /// Gives a file in this directory a name in another one, atomically replacing what has that name.
    func rename(_ name: [UInt8], to target: Descriptor, _ newName: [UInt8]) throws(SystemError) {
        try check("rename") {
            renameat(number, Self.terminated(name), target.number, Self.terminated(newName))
        }
    }

    /// Gives a file in this directory a second name in another one, which must not exist.
    func link(_ name: [UInt8], to target: Descriptor, _ newName: [UInt8]) throws(SystemError) {
        try check("link") {
            linkat(number, Self.terminated(name), target.number, Self.terminated(newName), 0)
        }
    }

    /// Waits until content, or the names in a directory, are on the disk.
    func synchronize() throws(SystemError) {
        try check("fsync") { fsync(number) }
    }

    /// Takes the advisory lock that marks a file as in use by a live process; false when another holds it.
    func lock() -> Bool { flock(number, LOCK_EX | LOCK_NB) == 0 }

    /// Writes all of the bytes at the end of what was written before.
    func write(_ bytes: [UInt8]) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let result = bytes.withUnsafeBytes { buffer in
                Glibc.write(number, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if result > 0 {
                written += result
            } else if errno != EINTR {
                throw .last("write")
            }
        }
    }

    /// Has the system begin to bring the last `count` bytes that were written to the disk, so that a later
    /// ``synchronize()`` finds little to do: that is what Linux does when told that pages are not needed any more.
    func beginSynchronizing(_ count: Int) {
        let end = lseek(number, 0, SEEK_CUR)
        // Advice may go unheard.
        if end >= count { _ = posix_fadvise(number, end - off_t(count), off_t(count), POSIX_FADV_DONTNEED) }
    }

    /// Reads up to `count` bytes at an offset; fewer only at the end of the file.
    func read(at offset: Int64, count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let result = pread(
                    number, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset) + off_t(filled))
                if result > 0 {
                    filled += result
                } else if result == 0 {
                    return
                } else if errno != EINTR {
                    failure = .last("read")
                    return
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    private static func terminated(_ name: [UInt8]) -> [CChar] {
        name.map { CChar(bitPattern: $0) } + [0]
    }
}
