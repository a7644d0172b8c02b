import Glibc
import GodwitPluginAPI

/// Walks the keys below a prefix in ascending order of their bytes, page by page.
///
/// Everything turns on one bound: the smallest key that is still of interest. Going on after a key, after a rolled-up
/// prefix, and skipping what a prefix rolls up are all a rise of that bound.
///
/// Between pages a walk holds names, no descriptors.
struct KeyWalk: Sendable {
    private struct Level: Sendable {
        /// The path from the root, with a `/` at its end, or empty for the root.
        let path: [UInt8]
        var directory: Descriptor?
        var window: NameWindow
    }

    private let prefix: [UInt8]
    private let delimiter: [UInt8]?
    private var bound: [UInt8]
    private var levels: [Level] = []
    private var hasBegun = false

    /// A walk that begins where a request says.
    init(_ request: ListRequest) throws(KeyFlaw) {
        prefix = Array(request.prefix.utf8)
        delimiter = request.delimiter.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
        bound = try request.continuation.map(Self.bound(of:)) ?? prefix
    }

    /// The next page.
    mutating func page(root: Descriptor, size: Int) throws(SystemError) -> ListPage {
        if !hasBegun {
            levels = try firstLevel(root)
            hasBegun = true
        }
        defer { for index in levels.indices { levels[index].directory = nil } }
        var objects: [ObjectInfo] = []
        var prefixes: [String] = []
        var last: String?
        while let (key, directory, name) = try nextKey(root) {
            let rolledUp = commonPrefix(of: key)
            if objects.count + prefixes.count == size {
                levels[levels.count - 1].window.unpop()
                return ListPage(objects: objects, commonPrefixes: prefixes, continuation: last)
            }
            if let rolledUp {
                prefixes.append(String(decoding: rolledUp, as: UTF8.self))
                last = "p" + String(decoding: rolledUp, as: UTF8.self)
                skip(past: rolledUp)
            } else if let status = try directory.status(name), status.st_mode & S_IFMT == S_IFREG {
                let text = String(decoding: key, as: UTF8.self)
                objects.append(ObjectInfo(key: text, status: status))
                last = "k" + text
                bound = key + [0]
            }
        }
        return ListPage(objects: objects, commonPrefixes: prefixes, continuation: nil)
    }

    /// The bound that a continuation stands for.
    private static func bound(of continuation: String) throws(KeyFlaw) -> [UInt8] {
        let rest = Array(continuation.utf8.dropFirst())
        switch continuation.utf8.first {
        case UInt8(ascii: "k"): return rest + [0]
        // No byte of UTF-8 is 0xFF, so this is above every key with the prefix.
        case UInt8(ascii: "p"): return rest + [0xFF]
        default: throw KeyFlaw(reason: "'\(continuation)' is no continuation of this store")
        }
    }

    private func commonPrefix(of key: [UInt8]) -> [UInt8]? {
        guard let delimiter else { return nil }
        var start = prefix.count
        while start + delimiter.count <= key.count {
            if key[start...].starts(with: delimiter) { return Array(key[..<(start + delimiter.count)]) }
            start += 1
        }
        return nil
    }

    private mutating func skip(past rolledUp: [UInt8]) {
        bound = rolledUp + [0xFF]
        while let level = levels.last, level.path.starts(with: rolledUp) { levels.removeLast() }
    }

    /// The level in which the prefix's last, perhaps partial, component is looked up; nil when it does not exist.
    private func firstLevel(_ root: Descriptor) throws(SystemError) -> [Level] {
        let end = prefix.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        let path = Array(prefix[..<end])
        guard let directory = try open(path, root), let level = try makeLevel(path, directory) else { return [] }
        return [level]
    }

    private func open(_ path: [UInt8], _ root: Descriptor) throws(SystemError) -> Descriptor? {
        var directory = root
        for name in path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropLast() {
            if name.isEmpty || name == [0x2E] || name == [0x2E, 0x2E] || name.contains(0) { return nil }
            guard let next = try Self.openIfThere(Array(name), in: directory) else { return nil }
            directory = next
        }
        return directory
    }

    private static func openIfThere(_ name: [UInt8], in directory: Descriptor) throws(SystemError) -> Descriptor? {
        do {
            return try directory.openDirectory(name)
        } catch {
            if [ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG].contains(error.code) { return nil }
            throw error
        }
    }

    private func makeLevel(
        _ path: [UInt8], _ directory: Descriptor, after position: [UInt8]? = nil
    ) throws(SystemError) -> Level? {
        let window = try NameWindow(of: directory, after: position) { name in
            if path.isEmpty, name.starts(with: KeyPath.temporaryFolder) { return false }
            return isWanted(path + name)
        }
        return Level(path: path, directory: directory, window: window)
    }

    /// Whether a file, or something below a directory (which ends with `/`), can be at or above the bound and begin
    /// with the prefix.
    private func isWanted(_ path: [UInt8]) -> Bool {
        let isDirectory = path.last == UInt8(ascii: "/")
        guard path.starts(with: prefix) || (isDirectory && prefix.starts(with: path)) else { return false }
        return !path.lexicographicallyPrecedes(bound) || (isDirectory && bound.starts(with: path))
    }

    /// The next file at or above the bound, the directory it is in, and its name there.
    private mutating func nextKey(_ root: Descriptor) throws(SystemError) -> ([UInt8], Descriptor, [UInt8])? {
        while var level = levels.popLast() {
            if level.directory == nil {
                // The first look at this level in a new page; the directory may be gone by now.
                guard let directory = try open(level.path, root) else { continue }
                level.directory = directory
            }
            guard let directory = level.directory else { continue }
            guard let name = level.window.popFirst() else {
                if let position = level.window.continuation,
                    let next = try makeLevel(level.path, directory, after: position)
                {
                    levels.append(next)
                }
                continue
            }
            levels.append(level)
            let path = level.path + name
            guard isWanted(path) else { continue }
            guard name.last == UInt8(ascii: "/") else { return (path, directory, name) }
            if let below = try Self.openIfThere(name.dropLast(), in: directory), let next = try makeLevel(path, below) {
                levels.append(next)
            }
        }
        return nil
    }
}
