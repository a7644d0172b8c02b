/// The rules for paths in a tarball: relative, and every component a plain name.
public enum EntryPath {
    /// The longest path that is written, in bytes of UTF-8.
    public static let maximumLength = 64 << 10

    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")

    /// Checks the path of a file.
    ///
    /// - Throws: ``TarballError/invalidPath(path:reason:)``.
    static func check(_ path: String, maximumLength: Int = maximumLength) throws(TarballError) {
        var checked = path
        let found = checked.withUTF8 { problem(of: $0, maximumLength: maximumLength) }
        if let found { throw .invalidPath(path: path, reason: found) }
    }

    /// The path of an entry that was read: without leading `./` and without the trailing `/` of a directory; `.` for the
    /// directory that the archive was made of.
    static func normalized(
        _ bytes: UnsafeBufferPointer<UInt8>, isDirectory: Bool, maximumLength: Int
    ) throws(TarballError) -> String {
        var rest = bytes[...]
        while rest.count > 1, rest[rest.startIndex] == dot, rest[rest.startIndex + 1] == slash {
            rest = rest.dropFirst(2)
        }
        if isDirectory, rest.last == slash { rest = rest.dropLast() }
        let isRoot = isDirectory && !bytes.isEmpty && (rest.isEmpty || (rest.count == 1 && rest.first == dot))
        // An absolute path must not turn into the root's.
        if isRoot, bytes.first == dot { return "." }
        let slice = UnsafeBufferPointer(rebasing: rest)
        guard let path = String(validating: slice, as: UTF8.self) else {
            throw .invalidPath(path: String(decoding: slice, as: UTF8.self), reason: "it is not UTF-8")
        }
        if let problem = problem(of: slice, maximumLength: maximumLength) {
            throw .invalidPath(path: path, reason: problem)
        }
        return path
    }

    private static func problem(of path: UnsafeBufferPointer<UInt8>, maximumLength: Int) -> String? {
        if path.isEmpty { return "it is empty" }
        if path.count > maximumLength { return "it is longer than \(maximumLength) bytes" }
        if path[0] == slash { return "it is absolute" }
        var start = 0
        for index in 0...path.count {
            if index < path.count, path[index] != slash {
                if path[index] == 0 { return "it holds a NUL" }
                continue
            }
            switch index - start {
            case 0: return "a component is empty"
            case 1 where path[start] == dot: return "a component is '.'"
            case 2 where path[start] == dot && path[start + 1] == dot: return "a component is '..'"
            default: start = index + 1
            }
        }
        return nil
    }
}
