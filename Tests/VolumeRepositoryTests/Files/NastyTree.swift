import Glibc

@testable import VolumeRepository

/// A directory with everything that a file system knows and a backup may get wrong.
enum NastyTree {
    static let isRoot = geteuid() == 0

    static func make(at path: String, depth: Int = 150) throws {
        require(mkdir(path, 0o755) == 0 || errno == EEXIST)
        let root = try FileDescriptor.openDirectory(path: path)
        for (index, name) in names.enumerated() {
            write(root, name, Array("content \(index)".utf8))
        }
        write(root, "empty", [])
        write(root, "bundle-a", [UInt8](repeating: 1, count: 5000))
        write(root, "large", pattern(count: 3_500_000))
        write(root, "setuid", [1], mode: 0o4755)
        write(root, "setgid", [1], mode: 0o2755)
        write(root, "unreadable", [1, 2], mode: 0o000)
        write(root, "read-only", [1, 2], mode: 0o400)
        try makeSparse(root)
        try makeTimes(root)
        try makeLinks(root)
        makeSpecial(root)
        try makeAttributes(root)
        try makeDirectories(root, depth: depth)
        _ = root.setMode(0o750)
        _ = root.setTime(TreeEntry.Time(seconds: 1_000_000_000, nanoseconds: 1), of: bytes("."))
    }

    /// Names with all bytes, of all lengths, and in an order that is not that of their text.
    private static var names: [[UInt8]] {
        var names: [[UInt8]] = (1...255).filter { $0 != 0x2F }.map { [UInt8(ascii: "b"), UInt8($0)] }
        names.append([UInt8](repeating: UInt8(ascii: "n"), count: 255))
        names.append([UInt8](repeating: 0xFF, count: 255))
        names.append(contentsOf: ["ä", "日本語", " ", "\\", "\"", "*", "[a]", "...", "-rf", "new\nline"].map(bytes))
        return names
    }

    private static func makeSparse(_ root: FileDescriptor) throws {
        let file = write(root, "sparse-100-gib", [])
        let size: Int64 = 100 << 30
        require(file.setLength(size) == 0)
        for offset in [0, size / 2, size - 1] { require([UInt8(5)].withUnsafeBytes { file.write($0, at: offset) }) }
        require(write(root, "only-a-hole", []).setLength(1 << 20) == 0)
    }

    private static func makeTimes(_ root: FileDescriptor) throws {
        for (name, seconds, nanoseconds) in [
            ("time-before-1970", -1_000_000_000, 123_456_789), ("time-minus-half", -1, 500_000_000), ("time-0", 0, 0),
            ("time-ns", 1_700_000_000, 1), ("time-2100", 4_102_444_800, 999_999_999),
        ] {
            write(root, name, [1])
            require(
                root.setTime(TreeEntry.Time(seconds: Int64(seconds), nanoseconds: Int32(nanoseconds)), of: bytes(name))
                    == 0)
        }
    }

    private static func makeLinks(_ root: FileDescriptor) throws {
        write(root, "link-1", [1, 2, 3])
        require(root.makeLink(bytes("link-2"), to: bytes("link-1"), in: root) == 0)
        require(root.makeDirectory(bytes("link-dir")) == 0)
        let directory = try root.subdirectory("link-dir")
        require(directory.makeLink(bytes("link-3"), to: bytes("link-1"), in: root) == 0)
        for (name, target) in [
            ("symlink", "large"), ("symlink-dangling", "/nowhere/at/all"), ("symlink-up", "../../.."),
            ("symlink-long", String(repeating: "x/", count: 2000)),
        ] {
            require(root.makeSymlink(bytes(name), to: bytes(target)) == 0)
        }
        require(root.makeSymlink([0xC3, 0x28], to: [0xFE, 0xFF]) == 0)
        _ = root.setTime(TreeEntry.Time(seconds: 77, nanoseconds: 7), of: bytes("symlink"))
    }

    private static func makeSpecial(_ root: FileDescriptor) {
        require(root.makeNode(bytes("fifo"), kind: .fifo, device: (0, 0)) == 0)
        guard isRoot else { return }
        // Where not even root may make devices, the tree has none.
        _ = root.makeNode(bytes("null"), kind: .characterDevice, device: (1, 3))
        _ = root.makeNode(bytes("disk"), kind: .blockDevice, device: (259, 70_000))
        write(root, "owned", [1])
        require(root.setOwner(of: bytes("owned"), user: 4_000_000, group: 12345) == 0)
    }

    private static func makeAttributes(_ root: FileDescriptor) throws {
        write(root, "attributes", [1])
        let values: [(String, [UInt8])] = [("user.a", []), ("user.b", [0, 1, 255]), ("user.ü", Array(0..<200))]
        for (name, value) in values {
            _ = root.setAttribute(TreeEntry.Attribute(name: bytes(name), value: value), of: bytes("attributes"))
        }
        // A POSIX ACL: version 2; owner rw, user 1 r, group r, mask rw, others none.
        let acl: [UInt8] =
            [2, 0, 0, 0] + element(1, 6, nil) + element(2, 4, 1) + element(4, 4, nil) + element(16, 6, nil)
            + element(32, 0, nil)
        write(root, "acl", [1])
        _ = root.setAttribute(
            TreeEntry.Attribute(name: bytes("system.posix_acl_access"), value: acl), of: bytes("acl"))
        require(root.makeDirectory(bytes("acl-dir")) == 0)
        _ = root.setAttribute(
            TreeEntry.Attribute(name: bytes("system.posix_acl_default"), value: acl), of: bytes("acl-dir"))
        let directory = try root.subdirectory("acl-dir")
        write(directory, "inherits", [1])
        write(directory, "inherits-not", [1])
        _ = directory.removeAttribute(bytes("system.posix_acl_access"), of: bytes("inherits-not"))
    }

    private static func element(_ tag: UInt8, _ rights: UInt8, _ id: UInt8?) -> [UInt8] {
        [tag, 0, rights, 0] + (id.map { [$0, 0, 0, 0] } ?? [255, 255, 255, 255])
    }

    private static func makeDirectories(_ root: FileDescriptor, depth: Int) throws {
        for name in ["empty-dir", "a", "a!", "a-b", "closed"] { require(root.makeDirectory(bytes(name)) == 0) }
        for name in ["a", "a!", "a-b", "closed"] { write(try root.subdirectory(name), "inside", bytes(name)) }
        // By default deeper than a path may be long.
        var directory = root
        for level in 0..<depth {
            let name = [UInt8](repeating: UInt8(ascii: "d"), count: 60)
            require(directory.makeDirectory(name) == 0)
            guard let next = directory.open(name, flags: O_RDONLY | O_DIRECTORY) else { return }
            write(next, "file", [UInt8(level)])
            directory = next
        }
        require(root.setMode(0o1777, of: bytes("empty-dir")) == 0)
        require(root.setMode(0o2500, of: bytes("closed")) == 0)
        _ = root.setTime(TreeEntry.Time(seconds: 5, nanoseconds: 5), of: bytes("closed"))
        _ = root.setTime(TreeEntry.Time(seconds: 6, nanoseconds: 6), of: bytes("a"))
    }

    @discardableResult
    private static func write(
        _ directory: FileDescriptor, _ name: String, _ content: [UInt8], mode: UInt16 = 0o644
    ) -> FileDescriptor { write(directory, bytes(name), content, mode: mode) }

    @discardableResult
    private static func write(
        _ directory: FileDescriptor, _ name: [UInt8], _ content: [UInt8], mode: UInt16 = 0o644
    ) -> FileDescriptor {
        guard let file = directory.open(name, flags: O_RDWR | O_CREAT | O_TRUNC, mode: 0o600) else {
            preconditionFailure("cannot make \(name): \(String(cString: strerror(errno)))")
        }
        require(content.withUnsafeBytes { file.write($0, at: 0) })
        require(file.setMode(mode) == 0)
        return file
    }

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    static func pattern(count: Int) -> [UInt8] {
        var state: UInt64 = 88_172_645_463_325_252
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 30)
        }
    }

    /// The tree cannot be made half.
    private static func require(_ condition: Bool, line: Int = #line) {
        precondition(condition, "line \(line): \(String(cString: strerror(errno)))")
    }
}

extension FileDescriptor {
    func subdirectory(_ name: String) throws -> FileDescriptor {
        guard let directory = open(Array(name.utf8), flags: O_RDONLY | O_DIRECTORY) else {
            throw FileError("open", Array(name.utf8))
        }
        return directory
    }
}

// By name, for what tests make: nobody else is there.
extension FileDescriptor {
    func setOwner(of name: [UInt8], user: UInt32, group: UInt32) -> Int32 {
        openHandle(name)?.setOwner(user: user, group: group) ?? errno
    }

    func setMode(_ mode: UInt16, of name: [UInt8]) -> Int32 { openHandle(name)?.setMode(mode) ?? errno }

    func setTime(_ time: TreeEntry.Time, of name: [UInt8]) -> Int32 { openHandle(name)?.setTime(time) ?? errno }

    func setAttribute(_ attribute: TreeEntry.Attribute, of name: [UInt8]) -> Int32 {
        openHandle(name)?.setAttribute(attribute) ?? errno
    }

    func removeAttribute(_ attribute: [UInt8], of name: [UInt8]) -> Int32 {
        openHandle(name)?.removeAttribute(attribute) ?? errno
    }
}
