/// Rules for the paths of a tree.
enum TreePath {
    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")

    /// Why a path may not be in a tree; nil when it may. The empty path is the root's.
    static func fault(of path: [UInt8]) -> String? {
        if path.isEmpty { return nil }
        if path.count > TreeLimits.path { return "a path is too long" }
        return path.withUnsafeBufferPointer { bytes in
            var (start, depth) = (0, 0)
            for index in 0...bytes.count {
                if index < bytes.count {
                    if bytes[index] == 0 { return "a path holds a zero byte" }
                    if bytes[index] != slash { continue }
                }
                let length = index - start
                if length == 0 { return "a path has an empty component" }
                if length > 255 { return "a name is too long" }
                if bytes[start] == dot, length == 1 || (length == 2 && bytes[start + 1] == dot) {
                    return "a path has the component . or .."
                }
                start = index + 1
                depth += 1
                if depth > TreeLimits.depth { return "a path has too many components" }
            }
            return nil
        }
    }

    /// The length of the path of the directory that something is in; 0 for what is in the root.
    static func parentLength(of path: [UInt8]) -> Int { path.lastIndex(of: slash) ?? 0 }

    /// The last component.
    static func name(of path: [UInt8]) -> [UInt8] {
        guard let slash = path.lastIndex(of: slash) else { return path }
        return Array(path[(slash + 1)...])
    }

    /// The path of a name in a directory.
    static func join(_ directory: [UInt8], _ name: [UInt8]) -> [UInt8] {
        if directory.isEmpty { return name }
        var path: [UInt8] = []
        path.reserveCapacity(directory.count + 1 + name.count)
        path.append(contentsOf: directory)
        path.append(slash)
        path.append(contentsOf: name)
        return path
    }

    /// The components.
    static func components(of path: [UInt8]) -> [[UInt8]] { path.split(separator: slash).map(Array.init) }

    /// Whether a path is a directory's or below it.
    static func isAtOrBelow(_ path: [UInt8], _ directory: [UInt8]) -> Bool {
        directory.isEmpty
            || (path.starts(with: directory) && (path.count == directory.count || path[directory.count] == slash))
    }

    /// For messages; bytes that are not UTF-8 become replacement characters.
    static func text(_ path: [UInt8]) -> String { path.isEmpty ? "/" : String(decoding: path, as: UTF8.self) }
}
