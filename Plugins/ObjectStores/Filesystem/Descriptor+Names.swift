import Glibc

/// A name in a directory and what it stands for.
struct DirectoryEntry {
    let name: [UInt8]
    let isDirectory: Bool
}

extension Descriptor {
    /// Calls the body for each file and directory in this directory, in no order. Links and special files are passed
    /// over, as are names that are not UTF-8: neither can be objects.
    func forEachEntry(_ body: (DirectoryEntry) throws(SystemError) -> Void) throws(SystemError) {
        // A descriptor of its own: the position of a directory stream is shared by duplicates.
        let own = try check("open") { openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(own) else {
            let error = SystemError.last("opendir")
            close(own)
            throw error
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw .last("readdir") }
                return
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name == [0x2E] || name == [0x2E, 0x2E] { continue }
            guard String(validating: name, as: UTF8.self) != nil,
                let isDirectory = try isDirectory(name, type: Int(entry.pointee.d_type))
            else { continue }
            try body(DirectoryEntry(name: name, isDirectory: isDirectory))
        }
    }

    private func isDirectory(_ name: [UInt8], type: Int) throws(SystemError) -> Bool? {
        switch type {
        case Int(DT_DIR): return true
        case Int(DT_REG): return false
        case Int(DT_UNKNOWN):
            // Some file systems leave the type to stat.
            guard let status = try status(name) else { return nil }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: return true
            case S_IFREG: return false
            default: return nil
            }
        default: return nil
        }
    }
}
