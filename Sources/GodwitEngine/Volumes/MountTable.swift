import Foundation

/// What is mounted on this machine, as far as it helps to find a volume.
struct MountTable: Sendable, Hashable {
    /// One mount.
    struct Mount: Sendable, Hashable {
        /// The part of the file system that is mounted.
        let root: String
        /// Where.
        let point: String
        /// The type of the file system: `nfs4`.
        let type: String
        /// What is mounted: `server:/export`.
        let source: String
    }

    let mounts: [Mount]

    /// The mounts of this process.
    ///
    /// The kernel gives the file in pieces. What reads a file at once takes the first short piece for its end, so that what
    /// was mounted last is missing on a machine with many mounts.
    static func current(in path: String = "/proc/self/mountinfo") throws -> MountTable {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        return MountTable(parsing: String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self))
    }

    /// Reads the lines of `/proc/<pid>/mountinfo`; proc(5) describes them.
    init(parsing text: String) {
        mounts = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ").map(String.init)
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 2 else { return nil }
            return Mount(
                root: Self.unescaped(fields[3]), point: Self.unescaped(fields[4]), type: fields[dash + 1],
                source: Self.unescaped(fields[dash + 2]))
        }
    }

    /// Whether something is mounted at a directory, whose path may lead through symbolic links.
    func hasMount(at path: String) -> Bool {
        let place = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        return mounts.contains { $0.point == place }
    }

    /// Where a directory of an NFS server can be reached; nil when nothing that holds it is mounted. What was mounted
    /// last counts.
    func directory(ofServer server: String, path: String) -> String? {
        let wanted = Self.components(path)
        for mount in mounts.reversed() where mount.type == "nfs" || mount.type == "nfs4" {
            guard let colon = mount.source.lastIndex(of: ":") else { continue }
            // An IPv6 address stands in brackets.
            let host = mount.source[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
            let exported = Self.components(String(mount.source[mount.source.index(after: colon)...]))
            guard host == server, wanted.starts(with: exported) else { continue }
            let rest = wanted.dropFirst(exported.count)
            return ([mount.point == "/" ? "" : mount.point] + rest).joined(separator: "/")
        }
        return nil
    }

    private static func components(_ path: String) -> [String] { path.split(separator: "/").map(String.init) }

    /// Blanks, tabs, line ends and backslashes stand as three octal digits.
    private static func unescaped(_ field: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3,
                let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
