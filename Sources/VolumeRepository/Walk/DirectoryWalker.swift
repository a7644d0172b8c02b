import Glibc
import GodwitModel

/// Walks a directory in path order. Blocks.
///
/// Memory: the names of the directories on the way down to the current one, and the hard-linked files of which not all
/// links were seen yet. What cannot be read is an event, never an end.
public final class DirectoryWalker {
    private struct Level {
        let path: [UInt8]
        let directory: FileDescriptor
        /// The names that are still to come.
        var names: NameList
        /// The next ones, looked at ahead, the first one last.
        var looks: [StatusReader.Look] = []
    }

    private struct FileIdentity: Hashable {
        let fileSystem: UInt64
        let inode: UInt64
    }

    private let root: FileDescriptor
    private let rootStatus: FileStatus
    private let options: WalkOptions
    private let statuses: StatusReader
    private var levels: [Level] = []
    private var hasBegun = false
    private var hardLinks: [FileIdentity: (first: [UInt8], missing: UInt32)] = [:]
    private var waiting: [WalkEvent] = []

    /// A walk of a directory.
    ///
    /// - Throws: ``FileError`` when the root cannot be opened.
    public convenience init(root path: String, options: WalkOptions = WalkOptions()) throws(FileError) {
        raiseOpenFileLimit()
        try self.init(FileDescriptor.openDirectory(path: path), path: Array(path.utf8), options: options)
    }

    /// A walk of an open directory.
    ///
    /// - Parameters:
    ///   - path: for the error.
    ///   - statuses: what looks at the entries.
    init(
        _ root: FileDescriptor, path: [UInt8], options: WalkOptions = WalkOptions(),
        statuses: StatusReader = StatusReader()
    ) throws(FileError) {
        self.root = root
        self.statuses = statuses
        guard let status = root.status() else { throw FileError("look at", path) }
        rootStatus = status
        self.options = options
    }

    /// The next event; nil at the end.
    public func next() -> WalkEvent? {
        if let event = waiting.popLast() { return event }
        if !hasBegun {
            hasBegun = true
            return begin()
        }
        while let level = levels.indices.last {
            if levels[level].looks.isEmpty {
                levels[level].looks = statuses.look(at: &levels[level].names, in: levels[level].directory).reversed()
            }
            guard let look = levels[level].looks.popLast() else {
                levels.removeLast()
                continue
            }
            if let event = visit(look, in: levels[level]) { return event }
        }
        return nil
    }

    /// The next events, up to a number, and from a few directories only, since each is kept open; empty at the end.
    public func nextBatch(upTo count: Int) -> [WalkEvent] {
        var events: [WalkEvent] = []
        events.reserveCapacity(count)
        var directories = 0
        var last: ObjectIdentifier?
        while events.count < count, directories < 32, let event = next() {
            events.append(event)
            guard case .item(let item) = event, last != ObjectIdentifier(item.directory) else { continue }
            last = ObjectIdentifier(item.directory)
            directories += 1
        }
        return events
    }

    private func begin() -> WalkEvent {
        enter(root, path: [])
        return .item(
            WalkItem(
                path: [], status: rootStatus, kind: .directory, target: [], hardLink: nil, directory: root,
                name: [UInt8(ascii: ".")]))
    }

    private func visit(_ look: StatusReader.Look, in level: Level) -> WalkEvent? {
        let name = look.name
        let path = TreePath.join(level.path, name)
        guard let status = look.status else {
            // It was removed since its directory was read: then it is in no snapshot.
            return look.code == ENOENT && !options.isFrozen
                ? nil : problem(path, FileError("look at", path, code: look.code))
        }
        let isDirectory = status.kind == .directory
        if options.exclusions.contains(where: { $0.matches(path, isDirectory: isDirectory) }) { return nil }
        guard let kind = status.kind else { return note(path, "a socket is not kept") }
        if path.count > TreeLimits.path || levels.count > TreeLimits.depth {
            return problem(path, FileError("keep so long a path as", path, code: ENAMETOOLONG))
        }
        var target: [UInt8] = []
        if kind == .symlink {
            guard let text = level.directory.linkTarget(of: name, sizeHint: status.size), !text.isEmpty else {
                return problem(path, FileError("read the link", path))
            }
            target = text
        }
        if isDirectory { descend(to: name, path: path, in: level, status: status) }
        return .item(
            WalkItem(
                path: path, status: status, kind: kind, target: target, hardLink: firstLink(of: path, status),
                directory: level.directory, name: name))
    }

    private func descend(to name: [UInt8], path: [UInt8], in level: Level, status: FileStatus) {
        guard status.fileSystem == rootStatus.fileSystem else {
            waiting.append(note(path, "what is mounted here is not part of the volume"))
            return
        }
        guard let directory = level.directory.openForReading(name, flags: O_DIRECTORY) else {
            waiting.append(problem(path, FileError("open", path)))
            return
        }
        // A directory of the same file system may be mounted there too.
        guard directory.isInMount(of: root) else {
            waiting.append(note(path, "what is mounted here is not part of the volume"))
            return
        }
        enter(directory, path: path)
    }

    private func enter(_ directory: FileDescriptor, path: [UInt8]) {
        // What was seen here may be long ago when all that is below has been walked.
        if let outer = levels.indices.last {
            levels[outer].names.putBack(levels[outer].looks.count)
            levels[outer].looks = []
        }
        guard var names = directory.sortedNames() else {
            waiting.append(problem(path, FileError("list", path)))
            return
        }
        let tag = Array("CACHEDIR.TAG".utf8)
        if options.excludesCaches, names.contains(tag), CacheTag.isValid(in: directory, name: tag) {
            names.removeAll { $0 != tag }
        }
        levels.append(Level(path: path, directory: directory, names: names))
    }

    /// The path of the file's first link; the table forgets a file with its last one.
    private func firstLink(of path: [UInt8], _ status: FileStatus) -> [UInt8]? {
        guard status.links > 1, status.kind != .directory else { return nil }
        let identity = FileIdentity(fileSystem: status.fileSystem, inode: status.inode)
        guard let known = hardLinks[identity] else {
            hardLinks[identity] = (path, status.links - 1)
            return nil
        }
        hardLinks[identity] = known.missing > 1 ? (known.first, known.missing - 1) : nil
        return known.first
    }

    private func problem(_ path: [UInt8], _ error: FileError) -> WalkEvent {
        .problem(WalkProblem(path: path, reason: error.description, severity: .failure))
    }

    private func note(_ path: [UInt8], _ reason: String) -> WalkEvent {
        .problem(WalkProblem(path: path, reason: reason, severity: .note))
    }
}

/// The file by which a directory says that its content can be made again.
enum CacheTag {
    private static let signature = Array("Signature: 8a477f597d28d172789f06886806bc55".utf8)

    static func isValid(in directory: FileDescriptor, name: [UInt8]) -> Bool {
        guard let file = directory.openForReading(name), file.status()?.kind == .file else { return false }
        var start = [UInt8](repeating: 0, count: signature.count)
        let length = start.withUnsafeMutableBytes { file.read(into: $0, at: 0) }
        return length == signature.count && start == signature
    }
}
