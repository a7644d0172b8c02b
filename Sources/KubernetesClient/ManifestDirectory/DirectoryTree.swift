import Glibc

/// The files below one directory, reached so that no path leads out of it.
///
/// Every step goes from an open directory to a name in it, and follows no symbolic link; only reading follows a link
/// to a file whose real path lies in the tree.
final class DirectoryTree: Sendable {
    /// What a system call said.
    struct Fault: Error, Sendable {
        let operation: String
        let path: String
        let code: Int32

        var reason: String { "\(operation) \(path): \(String(cString: strerror(code)))" }
    }

    /// A file's identity at one moment; a change of the file changes it.
    struct Stamp: Sendable, Hashable {
        let size: Int
        /// A keyed hash of the time of its last change and its inode: one is kept for each file of a directory.
        private let mark: Int

        init(_ status: stat) {
            size = Int(status.st_size)
            var hasher = Hasher()
            hasher.combine(status.st_mtim.tv_sec)
            hasher.combine(status.st_mtim.tv_nsec)
            hasher.combine(UInt64(status.st_ino))
            mark = hasher.finalize()
        }
    }

    /// What becomes of a directory that is missing.
    enum Missing: Sendable {
        case isAnError
        case isMade
        /// Nothing is in it, and nothing can be written to it.
        case isEmpty
    }

    /// The real path of the directory.
    let root: String
    private let isMissing: Bool

    /// Opens a directory.
    init(path: String, missing: Missing) throws(Fault) {
        if missing == .isMade, mkdir(path, 0o755) != 0, errno != EEXIST {
            throw Fault(operation: "create", path: path, code: errno)
        }
        isMissing = missing == .isEmpty && access(path, F_OK) != 0 && errno == ENOENT
        guard !isMissing else {
            root = path
            return
        }
        guard let resolved = realpath(path, nil) else { throw Fault(operation: "open", path: path, code: errno) }
        defer { free(resolved) }
        root = String(cString: resolved)
        var status = stat()
        guard stat(root, &status) == 0 else { throw Fault(operation: "open", path: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw Fault(operation: "open", path: path, code: ENOTDIR) }
    }

    /// The names in a directory, sorted, without `.` and `..`.
    func names(in directory: String) throws(Fault) -> [String] {
        guard !isMissing else { return [] }
        let path = absolute(directory)
        guard let handle = opendir(path) else { throw Fault(operation: "list", path: path, code: errno) }
        defer { closedir(handle) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw Fault(operation: "list", path: path, code: errno) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    func absolute(_ path: String) -> String { path.isEmpty ? root : "\(root)/\(path)" }

    /// What a path is, links followed; nil when it leads out of the tree or nowhere.
    func resolve(_ path: String) -> (status: stat, isLink: Bool)? {
        var status = stat()
        guard lstat(absolute(path), &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFLNK else { return (status, false) }
        guard let resolved = realpath(absolute(path), nil) else { return nil }
        defer { free(resolved) }
        let target = String(cString: resolved)
        guard target == root || target.hasPrefix(root == "/" ? "/" : root + "/"), stat(target, &status) == 0 else {
            return nil
        }
        return (status, true)
    }

    /// Reads a file, or a range of it.
    ///
    /// - Throws: ``Fault``; EFBIG when it holds more than `limit` bytes.
    func read(_ path: String, range: Range<Int>? = nil, limit: Int) throws(Fault) -> (bytes: [UInt8], stamp: Stamp) {
        func fault(_ code: Int32) -> Fault { Fault(operation: "read", path: path, code: code) }
        guard let found = resolve(path) else { throw fault(ENOENT) }
        // A link was judged to stay inside the tree; anything else must still be what it was.
        let descriptor = open(absolute(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK | (found.isLink ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else { throw fault(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fault(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw fault(EINVAL) }
        let wanted = range ?? 0..<Int(status.st_size)
        guard wanted.count <= limit else { throw fault(EFBIG) }
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted.count) { buffer, filled in
            while filled < wanted.count {
                let count = pread(
                    descriptor, buffer.baseAddress?.advanced(by: filled), wanted.count - filled,
                    off_t(wanted.lowerBound + filled))
                if count < 0 && errno == EINTR { continue }
                if count < 0 { code = errno }
                if count <= 0 { break }
                filled += count
            }
        }
        guard code == 0 else { throw fault(code) }
        return (bytes, Stamp(status))
    }

    /// The stamp of a file as it is now; nil when it is gone.
    func stamp(of path: String) -> Stamp? { resolve(path).map { Stamp($0.status) } }

    /// Writes a file whole or not at all, and makes the directories on the way.
    ///
    /// - Parameter replacing: whether a file that is there may be replaced; otherwise it throws EEXIST.
    func write(
        _ bytes: [UInt8], to path: String, replacing: Bool, isPrivate: Bool
    ) throws(Fault) -> Stamp {
        func fault(_ code: Int32) -> Fault { Fault(operation: "write", path: path, code: code) }
        let (directory, name) = try openParent(of: path, creating: true)
        defer { close(directory) }
        let temporary = ".\(name.prefix(80)).\(UInt64.random(in: 0...UInt64.max)).tmp"
        let descriptor = openat(
            directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, isPrivate ? 0o600 : 0o644)
        guard descriptor >= 0 else { throw fault(errno) }
        var isPlaced = false
        defer {
            close(descriptor)
            if !isPlaced { unlinkat(directory, temporary, 0) }
        }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw fault(count < 0 ? errno : EIO) }
            written += count
        }
        if replacing {
            guard renameat(directory, temporary, directory, name) == 0 else { throw fault(errno) }
            isPlaced = true
        } else {
            // A link, unlike a renaming, refuses a name that is taken.
            guard linkat(directory, temporary, directory, name, 0) == 0 else { throw fault(errno) }
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fault(errno) }
        return Stamp(status)
    }

    /// Removes a file, and the directories above it that this leaves empty.
    func remove(_ path: String) throws(Fault) {
        let (directory, name) = try openParent(of: path, creating: false)
        defer { close(directory) }
        guard unlinkat(directory, name, 0) == 0 else { throw Fault(operation: "remove", path: path, code: errno) }
        var parent = path
        while let slash = parent.lastIndex(of: "/") {
            parent = String(parent[..<slash])
            guard let (above, name) = try? openParent(of: parent, creating: false) else { return }
            defer { close(above) }
            guard unlinkat(above, name, AT_REMOVEDIR) == 0 else { return }
        }
    }

    /// Opens the directory that a path ends in; no step may be a link.
    private func openParent(of path: String, creating: Bool) throws(Fault) -> (descriptor: Int32, name: String) {
        var steps = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let name = steps.popLast(), !name.isEmpty,
            !(steps + [name]).contains(where: { ["", ".", ".."].contains($0) })
        else { throw Fault(operation: "open", path: path, code: EINVAL) }
        var current = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard current >= 0 else { throw Fault(operation: "open", path: root, code: errno) }
        for step in steps {
            if creating, mkdirat(current, step, 0o755) != 0, errno != EEXIST {
                let code = errno
                close(current)
                throw Fault(operation: "create", path: path, code: code)
            }
            let next = openat(current, step, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let code = errno
            close(current)
            guard next >= 0 else { throw Fault(operation: "open", path: path, code: code) }
            current = next
        }
        return (current, name)
    }
}

extension DirectoryTree {
    /// Whether only the owner may read a file.
    func isPrivate(_ path: String) throws(Fault) -> Bool {
        guard let found = resolve(path) else { throw Fault(operation: "read", path: path, code: ENOENT) }
        return found.status.st_mode & 0o077 == 0
    }
}
