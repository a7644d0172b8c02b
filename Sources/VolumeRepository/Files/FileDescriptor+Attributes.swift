import CLinux
import Glibc

extension FileDescriptor {
    /// The path by which the kernel finds this very file, whatever happened to its name.
    private var kernelPath: [UInt8] { Array("/proc/self/fd/\(number)".utf8) }

    /// The extended attributes of a name in this directory in the order of their names, ACLs among them; a symbolic
    /// link is not followed. A file system without attributes has none.
    ///
    /// - Parameters:
    ///   - path: the path for messages.
    ///   - limit: the bytes of names and values that are taken; what goes beyond is a failure, and is not read.
    /// - Returns: what could be read, and what could not.
    func attributes(
        of name: [UInt8], path: [UInt8], limit: Int = .max
    ) -> (attributes: [TreeEntry.Attribute], failures: [FileError]) {
        // The calls have no variant that takes a directory; and a fifo, device or link cannot be opened.
        let file = kernelPath + [UInt8(ascii: "/")] + name
        return readAttributes(path, limit) { bytes, size in
            withCName(file) { llistxattr($0, bytes, size) }
        } get: { name, bytes, size in
            withCName(file) { lgetxattr($0, name, bytes, size) }
        }
    }

    /// The extended attributes of this open file.
    func attributes(path: [UInt8]) -> (attributes: [TreeEntry.Attribute], failures: [FileError]) {
        readAttributes(path, .max) { bytes, size in
            call {
                flistxattr($0, bytes, size)
            } orOnPath: {
                listxattr($0, bytes, size)
            }
        } get: { name, bytes, size in
            call {
                fgetxattr($0, name, bytes, size)
            } orOnPath: {
                getxattr($0, name, bytes, size)
            }
        }
    }

    private func readAttributes(
        _ path: [UInt8], _ limit: Int, list: (UnsafeMutableRawPointer?, Int) -> Int,
        get: (UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
    ) -> (attributes: [TreeEntry.Attribute], failures: [FileError]) {
        guard let names = growing(list) else {
            return errno == ENOTSUP ? ([], []) : ([], [FileError("list the attributes of", path)])
        }
        if names.isEmpty { return ([], []) }
        var attributes: [TreeEntry.Attribute] = []
        var failures: [FileError] = []
        var room = limit
        for name in names.split(separator: 0).map(Array.init).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let value = growing(limit: room - name.count) { bytes, size in
                withCName(name) { get($0, bytes, size) }
            }
            if let value {
                room -= name.count + value.count
                attributes.append(TreeEntry.Attribute(name: name, value: value))
            } else if errno == E2BIG {
                failures.append(FileError("keep so large attributes of", path))
            } else if errno != ENODATA {
                failures.append(FileError("read the attribute \(String(decoding: name, as: UTF8.self)) of", path))
            }
        }
        return (attributes, failures)
    }

    /// Asks for the size and then for the bytes, again when they grew in between; `E2BIG` when there are too many.
    private func growing(
        limit: Int = .max, _ call: (UnsafeMutableRawPointer?, Int) -> Int
    ) -> [UInt8]? {
        for _ in 0..<8 {
            let size = call(nil, 0)
            guard size >= 0 else { return nil }
            guard size <= limit else {
                errno = E2BIG
                return nil
            }
            if size == 0 { return [] }
            var bytes = [UInt8](repeating: 0, count: size)
            let length = bytes.withUnsafeMutableBytes { call($0.baseAddress, $0.count) }
            if length >= 0 { return Array(bytes[..<length]) }
            if errno != ERANGE { return nil }
        }
        return nil
    }

    /// Sets an attribute of this open file; 0 or the reason.
    func setAttribute(_ attribute: TreeEntry.Attribute) -> Int32 {
        let result = attribute.value.withUnsafeBytes { value in
            withCName(attribute.name) { name in
                call {
                    Int(fsetxattr($0, name, value.baseAddress, value.count, 0))
                } orOnPath: {
                    Int(setxattr($0, name, value.baseAddress, value.count, 0))
                }
            }
        }
        return result == 0 ? 0 : errno
    }

    /// Removes an attribute of this open file; 0 or the reason. One that is not there is removed already.
    func removeAttribute(_ attribute: [UInt8]) -> Int32 {
        let result = withCName(attribute) { name in
            call {
                Int(fremovexattr($0, name))
            } orOnPath: {
                Int(removexattr($0, name))
            }
        }
        return result == 0 || errno == ENODATA || errno == ENOTSUP ? 0 : errno
    }

    /// Whether what is made in this directory inherits an ACL from it.
    func hasDefaultACL() -> Bool {
        fgetxattr(number, "system.posix_acl_default", nil, 0) > 0
    }

    /// Calls a function with the open file, or with a path to it where it was opened as a handle only.
    func call(_ onFile: (Int32) -> Int, orOnPath: (UnsafePointer<CChar>) -> Int) -> Int {
        let result = onFile(number)
        if result >= 0 || errno != EBADF { return result }
        // The kernel's link leads to the very thing that is open, also when that is a symbolic link.
        return withCName(kernelPath, orOnPath)
    }
}
