import CLinux
import Glibc

extension FileDescriptor {
    /// The path by which the kernel finds a name in this directory, whatever happened to the directory's own path.
    ///
    /// The calls for attributes have no variant that takes a directory; and a fifo, device or link cannot be opened.
    private func kernelPath(of name: [UInt8]) -> [UInt8] {
        Array("/proc/self/fd/\(number)/".utf8) + name
    }

    /// The extended attributes of a name in this directory in the order of their names, ACLs among them; a symbolic
    /// link is not followed. A file system without attributes has none.
    ///
    /// - Parameter path: the path for messages.
    /// - Returns: what could be read, and what could not.
    func attributes(of name: [UInt8], path: [UInt8]) -> (attributes: [TreeEntry.Attribute], failures: [FileError]) {
        let file = kernelPath(of: name)
        guard let list = growing({ bytes, size in withCName(file) { llistxattr($0, bytes, size) } }) else {
            return errno == ENOTSUP ? ([], []) : ([], [FileError("list the attributes of", path)])
        }
        if list.isEmpty { return ([], []) }
        var attributes: [TreeEntry.Attribute] = []
        var failures: [FileError] = []
        for name in list.split(separator: 0).map(Array.init).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let value = growing { bytes, size in
                withCName(file) { file in withCName(name) { lgetxattr(file, $0, bytes, size) } }
            }
            if let value {
                attributes.append(TreeEntry.Attribute(name: name, value: value))
            } else if errno != ENODATA {
                failures.append(FileError("read the attribute \(String(decoding: name, as: UTF8.self)) of", path))
            }
        }
        return (attributes, failures)
    }

    /// Asks for the size and then for the bytes, again when they grew in between.
    private func growing(_ call: (UnsafeMutableRawPointer?, Int) -> Int) -> [UInt8]? {
        for _ in 0..<8 {
            let size = call(nil, 0)
            guard size > 0 else { return size == 0 ? [] : nil }
            var bytes = [UInt8](repeating: 0, count: size)
            let length = bytes.withUnsafeMutableBytes { call($0.baseAddress, $0.count) }
            if length >= 0 { return Array(bytes[..<length]) }
            if errno != ERANGE { return nil }
        }
        return nil
    }

    /// Sets an attribute of a name in this directory; 0 or the reason.
    func setAttribute(_ attribute: TreeEntry.Attribute, of name: [UInt8]) -> Int32 {
        let file = kernelPath(of: name)
        let result = attribute.value.withUnsafeBytes { value in
            withCName(file) { file in
                withCName(attribute.name) { lsetxattr(file, $0, value.baseAddress, value.count, 0) }
            }
        }
        return result == 0 ? 0 : errno
    }

    /// Removes an attribute of a name in this directory; 0 or the reason. One that is not there is removed already.
    func removeAttribute(_ attribute: [UInt8], of name: [UInt8]) -> Int32 {
        let file = kernelPath(of: name)
        let result = withCName(file) { file in withCName(attribute) { lremovexattr(file, $0) } }
        return result == 0 || errno == ENODATA || errno == ENOTSUP ? 0 : errno
    }

    /// Whether what is made in this directory inherits an ACL from it.
    func hasDefaultACL() -> Bool {
        fgetxattr(number, "system.posix_acl_default", nil, 0) > 0
    }
}
