import Glibc
import Streams

extension Restorer {
    /// Finds out what ``restore(to:)`` would do; nothing is written.
    ///
    /// - Parameters:
    ///   - path: the directory, which need not be there.
    ///   - visit: is called with each action, in path order but for what is deleted: a plan may be of any length.
    /// - Throws: as ``restore(to:)`` does, and what the function throws.
    public func plan(
        for path: String, _ visit: (VolumeRestoreAction) async throws -> Void
    ) async throws -> VolumeRestorePlan {
        let root = try await BlockingPool.shared.run {
            raiseOpenFileLimit()
            var status = stat()
            if stat(path, &status) != 0, errno == ENOENT { return FileDescriptor?.none }
            return try FileDescriptor.openDirectory(path: path)
        }
        let planner = RestorePlanner(root: root, source: source, options: options, log: RestoreLog(observer))
        let reader = TreeReader(chunks: chunks, from: source)
        while let events = try await reader.nextBatch() {
            for action in try await planner.take(events) { try await visit(action) }
        }
        for action in await planner.finish() { try await visit(action) }
        return await planner.plan
    }
}

/// Steps through a tree beside the target. Its calls block on a thread of its own.
private actor RestorePlanner {
    private struct Level {
        let path: [UInt8]
        let isSelected: Bool
        /// nil where there is none.
        let directory: FileDescriptor?
        /// As in ``RestoreLevels``.
        var extras: NameList
    }

    private let executor = ThreadExecutor(name: "restore-plan")
    private let root: FileDescriptor?
    private let source: any ChunkReading
    private let options: RestoreOptions
    private let log: RestoreLog
    private var levels: [Level] = []
    private var actions: [VolumeRestoreAction] = []
    private var totals = VolumeRestorePlan()

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(root: FileDescriptor?, source: any ChunkReading, options: RestoreOptions, log: RestoreLog) {
        self.root = root
        self.source = source
        self.options = options
        self.log = log
    }

    var plan: VolumeRestorePlan {
        var plan = totals
        plan.failureCount = log.report.failureCount
        return plan
    }

    func take(_ events: [TreeEvent]) async throws -> [VolumeRestoreAction] {
        actions = []
        for case .entry(let entry, let isComplete) in events { try await take(entry, isComplete: isComplete) }
        return actions
    }

    func finish() -> [VolumeRestoreAction] {
        actions = []
        while !levels.isEmpty { leaveLast() }
        return actions
    }

    private func take(_ entry: TreeEntry, isComplete: Bool) async throws {
        while let last = levels.last,
            entry.path.count <= last.path.count || !TreePath.isAtOrBelow(entry.path, last.path)
        {
            leaveLast()
        }
        let name = entry.path.isEmpty ? [UInt8(ascii: ".")] : TreePath.name(of: entry.path)
        if !levels.isEmpty { pass(name) }
        let isSelected =
            (levels.last?.isSelected ?? options.include.isEmpty)
            || options.include.contains { $0.matches(entry.path, isDirectory: entry.kind == .directory) }
        let directory = levels.isEmpty ? root : levels.last?.directory
        let status = directory?.status(of: name)
        if entry.kind == .directory {
            enter(entry, name, in: directory, status, isSelected: isSelected)
        } else if isSelected {
            let isKept = try await isKept(entry, name, in: directory, isComplete: isComplete)
            if !isKept, let directory, status?.kind == .directory { clear(name, entry.path, in: directory) }
            let bytes = entry.kind == .file && entry.hardLink == nil ? entry.size : 0
            add(isKept ? .keep : status == nil ? .create : .replace, entry, bytes: bytes)
        }
    }

    private func add(_ verb: VolumeRestoreAction.Verb, _ entry: TreeEntry, bytes: Int64 = 0) {
        let action = VolumeRestoreAction(verb: verb, path: entry.path, kind: entry.kind, bytes: bytes)
        actions.append(action)
        totals.add(action, isHardLink: entry.hardLink != nil)
    }

    // MARK: Directories

    private func enter(
        _ entry: TreeEntry, _ name: [UInt8], in parent: FileDescriptor?, _ status: FileStatus?, isSelected: Bool
    ) {
        var directory: FileDescriptor?
        if let parent, status?.kind == .directory {
            directory = parent.open(name, flags: O_RDONLY | O_DIRECTORY)
            if directory == nil { log.fail(entry.path, FileError("open", entry.path)) }
        }
        if isSelected { add(status == nil ? .create : status?.kind == .directory ? .keep : .replace, entry) }
        var level = Level(path: entry.path, isSelected: isSelected, directory: directory, extras: NameList())
        if isSelected, options.extra == .delete, let directory, let root, directory.isInMount(of: root) {
            if let names = directory.sortedNames() {
                level.extras = names
            } else {
                log.fail(entry.path, FileError("list", entry.path))
            }
        }
        levels.append(level)
    }

    private func leaveLast() {
        guard let level = levels.popLast(), let directory = level.directory else { return }
        for extra in level.extras { delete(extra, TreePath.join(level.path, extra), in: directory) }
    }

    private func pass(_ name: [UInt8]) {
        let index = levels.count - 1
        while let extra = levels[index].extras.first, !name.lexicographicallyPrecedes(extra) {
            _ = levels[index].extras.next()
            guard extra != name, let directory = levels[index].directory else { continue }
            delete(extra, TreePath.join(levels[index].path, extra), in: directory)
        }
    }

    // MARK: What goes

    /// A directory in the way of something else goes with what is in it, or stays.
    private func clear(_ name: [UInt8], _ path: [UInt8], in directory: FileDescriptor) {
        if options.extra == .delete { return delete(name, path, in: directory) }
        if directory.open(name, flags: O_RDONLY | O_DIRECTORY)?.sortedNames()?.isEmpty != true {
            log.fail(path, FileError("replace the directory", path, code: ENOTEMPTY))
        }
    }

    private func delete(_ name: [UInt8], _ path: [UInt8], in directory: FileDescriptor) {
        guard let status = directory.status(of: name) else { return }
        var inside = VolumeRestorePlan.Totals()
        if status.kind == .directory {
            do throws(FileError) {
                guard let opened = directory.open(name, flags: O_RDONLY | O_DIRECTORY) else {
                    throw FileError("open", path)
                }
                inside = try measure(opened, path)
            } catch {
                log.fail(path, error)
            }
        }
        let own = status.kind == .file ? status.size : 0
        actions.append(VolumeRestoreAction(verb: .delete, path: path, kind: status.kind, bytes: own + inside.bytes))
        totals.add(VolumeRestoreAction(verb: .delete, path: path, kind: status.kind, bytes: own))
        totals.add(inside, to: .delete)
    }

    /// What is in a directory.
    private func measure(_ directory: FileDescriptor, _ path: [UInt8]) throws(FileError) -> VolumeRestorePlan.Totals {
        let walker = try DirectoryWalker(directory, path: path)
        var totals = VolumeRestorePlan.Totals()
        while let event = walker.next() {
            switch event {
            case .item(let item) where item.path.isEmpty: break
            case .item(let item) where item.kind == .directory: totals.directories += 1
            case .item(let item) where item.kind == .file && item.hardLink == nil:
                totals.files += 1
                totals.bytes += item.status.size
            case .item: totals.others += 1
            case .problem(let problem) where problem.severity == .note: totals.others += 1
            case .problem(let problem): log.fail(TreePath.join(path, problem.path), problem.reason)
            }
        }
        return totals
    }

    // MARK: What stays

    private func isKept(
        _ entry: TreeEntry, _ name: [UInt8], in directory: FileDescriptor?, isComplete: Bool
    ) async throws -> Bool {
        guard let directory, let root else { return false }
        if let first = entry.hardLink {
            guard let own = directory.status(of: name), let (other, otherName) = try? root.directory(of: first),
                let status = other.status(of: otherName)
            else { return false }
            return own.inode == status.inode && own.fileSystem == status.fileSystem
        }
        guard entry.kind == .file else { return OtherRestorer.existing(entry, name, in: directory) != nil }
        switch options.rewrite {
        case .differing: return directory.status(of: name).map { FileRestorer.isSame($0, entry) } ?? false
        case .differingContent:
            guard isComplete, let file = directory.openForReading(name), let status = file.status(),
                status.kind == .file, status.size == entry.size
            else { return false }
            return try await ContentComparison.isEqual(
                file, entry.path, entry.extents, at: 0, size: entry.size, source)
        }
    }
}
