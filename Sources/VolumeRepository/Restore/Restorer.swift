import Glibc
import GodwitModel
import Streams

/// Restores a snapshot's tree into a directory.
///
/// Directories are made in path order; files are written by several threads at a time, small ones in groups that share
/// their chunks, large ones with several chunks at a time. No content reaches a final name before it is whole and
/// checked. A file that fails is recorded, and the rest goes on. Nothing outside of the target is touched, whatever the
/// tree says and whatever links are in the target.
public struct Restorer: Sendable {
    let chunks: [ChunkID]
    let source: any ChunkReading
    let options: RestoreOptions
    let observer: Observer

    /// Hears of what happens, from any thread.
    public struct Observer: Sendable {
        /// The report so far, often.
        public var progress: @Sendable (VolumeRestoreReport) -> Void
        /// Each failure.
        public var failure: @Sendable (VolumeRestoreFailure) -> Void

        /// An observer.
        public init(
            progress: @escaping @Sendable (VolumeRestoreReport) -> Void = { _ in },
            failure: @escaping @Sendable (VolumeRestoreFailure) -> Void = { _ in }
        ) {
            self.progress = progress
            self.failure = failure
        }
    }

    /// A restore of a tree.
    ///
    /// - Parameters:
    ///   - chunks: the ids of the tree's chunks in order.
    ///   - source: where all chunks come from.
    ///   - observer: hears of progress and failures.
    public init(
        chunks: [ChunkID], from source: any ChunkReading, options: RestoreOptions = RestoreOptions(),
        observer: Observer = Observer()
    ) {
        self.chunks = chunks
        self.source = source
        self.options = options
        self.observer = observer
    }

    /// Restores into a directory, which is made if it is not there. Symbolic links in its own path are followed.
    ///
    /// - Throws: ``FileError`` when the directory cannot be used or takes nothing more, ``TreeError`` or the source's
    ///   error when the tree or the store cannot be read on, `CancellationError`. What was restored until then is there.
    public func restore(to path: String) async throws -> VolumeRestoreReport {
        let (root, isNew) = try await BlockingPool.shared.run {
            raiseOpenFileLimit()
            let isNew = mkdir(path, 0o700) == 0
            if !isNew, errno != EEXIST { throw FileError("make", Array(path.utf8)) }
            return (try FileDescriptor.openDirectory(path: path), isNew)
        }
        let log = RestoreLog(observer)
        let first = RestorePass(root: root, isRootNew: isNew, source: source, options: options, log: log)
        try await first.run(TreeReader(chunks: chunks, from: source))
        if await first.foundHardLinks {
            let second = HardLinkPass(
                root: root, source: source, options: options, log: log, orphans: await first.orphans)
            try await second.run(TreeReader(chunks: chunks, from: source))
        }
        if options.synchronizes {
            try await BlockingPool.shared.run {
                let code = root.synchronizeFileSystem()
                if code != 0 { throw FileError("write to the disk of", Array(path.utf8), code: code) }
            }
        }
        return log.report
    }
}

/// The way through the tree that restores all but further hard links. Its calls block on a thread of its own.
actor RestorePass {
    /// Files of up to this size are restored in groups.
    private static let smallFile = 1 << 20

    private let executor = ThreadExecutor(name: "restore")
    let source: any ChunkReading
    let options: RestoreOptions
    private let files: FileRestorer
    private let others: OtherRestorer
    private let log: RestoreLog
    private var levels: RestoreLevels
    private var group: [FileJob] = []
    private var groupDirectories: Set<ObjectIdentifier> = []
    private var groupChunks: Set<ChunkID> = []
    private var groupBytes: Int64 = 0
    /// What takes the further extents of the file that came last; nil when they are not wanted.
    private var more: BoundedChannel<[Extent]>?
    /// Whether a further hard link is selected.
    private(set) var foundHardLinks = false
    /// First paths that are not selected, of selected links: each with the first of these.
    private(set) var orphans: [[UInt8]: [UInt8]] = [:]

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        root: FileDescriptor, isRootNew: Bool, source: any ChunkReading, options: RestoreOptions, log: RestoreLog
    ) {
        self.source = source
        self.options = options
        self.log = log
        let metadata = MetadataWriter(log: log)
        files = FileRestorer(source: source, options: options, log: log, metadata: metadata)
        others = OtherRestorer(options: options, log: log, metadata: metadata)
        levels = RestoreLevels(root: root, isRootNew: isRootNew, options: options, metadata: metadata, log: log)
    }

    func run(_ reader: TreeReader) async throws {
        do {
            try await restore(reader)
        } catch {
            levels.abandon()
            throw error
        }
        levels.leaveAll()
        try log.checkEnd()
    }

    private func restore(_ reader: TreeReader) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            // A file whose extents never end must not be waited for when the tree does.
            defer { more?.finish(throwing: CancellationError()) }
            var running = 0
            while let events = try await reader.nextBatch() {
                for event in events {
                    try log.checkEnd()
                    guard let work = try await take(event) else { continue }
                    if running >= options.parallelism {
                        try await tasks.next()
                        running -= 1
                    }
                    running += 1
                    tasks.addTask { try await work() }
                }
            }
            if let work = takeGroup() { tasks.addTask { try await work() } }
            try await tasks.waitForAll()
        }
        try log.checkEnd()
    }

    private typealias Work = @Sendable () async throws -> Void

    private func take(_ event: TreeEvent) async throws -> Work? {
        switch event {
        case .entry(let entry, let isComplete): return take(entry, isComplete: isComplete)
        case .extents(let extents, let isLast):
            // The file may have failed already; then nobody takes them.
            do { try await more?.send(extents) } catch is ChannelAbandoned { more = nil }
            if isLast {
                more?.finish()
                more = nil
            }
            return nil
        }
    }

    private func take(_ entry: TreeEntry, isComplete: Bool) -> Work? {
        levels.leave(for: entry)
        let name = TreePath.name(of: entry.path)
        if !entry.path.isEmpty { levels.pass(name) }
        let isSelected = levels.selects(entry)
        if entry.kind == .directory {
            levels.enter(entry, isSelected: isSelected)
            return nil
        }
        guard isSelected else { return nil }
        guard let directory = levels.directory() else {
            log.lose(entry)
            return nil
        }
        if entry.hardLink != nil {
            noteHardLink(entry)
            return nil
        }
        guard entry.kind == .file else {
            others.restore(entry, name: name, in: directory)
            return nil
        }
        directory.hold()
        return take(FileJob(entry: entry, name: name, directory: directory), isComplete: isComplete)
    }

    private func take(_ job: FileJob, isComplete: Bool) -> Work? {
        guard isComplete, job.entry.size <= Self.smallFile else {
            let more = isComplete ? nil : BoundedChannel<[Extent]>(limit: 2) { _ in 1 }
            self.more = more
            return { [files] in try await files.restoreLarge(job, more: more) }
        }
        group.append(job)
        groupBytes += job.entry.size
        groupDirectories.insert(ObjectIdentifier(job.directory))
        for case .chunk(let id, _, _) in job.entry.extents { groupChunks.insert(id) }
        // Each directory is kept open until its files are there.
        let isFull =
            group.count >= 128 || groupChunks.count >= 4 || groupBytes >= 4 << 20 || groupDirectories.count >= 16
        return isFull ? takeGroup() : nil
    }

    private func takeGroup() -> Work? {
        guard !group.isEmpty else { return nil }
        let jobs = group
        group = []
        groupChunks = []
        groupDirectories = []
        groupBytes = 0
        return { [files] in try await files.restore(jobs) }
    }

    private func noteHardLink(_ entry: TreeEntry) {
        foundHardLinks = true
        guard let first = entry.hardLink, !options.include.isEmpty, !options.includes(first) else { return }
        if orphans[first] == nil { orphans[first] = entry.path }
    }
}

extension RestoreOptions {
    /// Whether a file's path, or a directory that it is in, fits the selection.
    func includes(_ path: [UInt8]) -> Bool {
        if include.isEmpty { return true }
        var end = path.count
        while end > 0 {
            let part = Array(path[..<end])
            if include.contains(where: { $0.matches(part, isDirectory: end < path.count) }) { return true }
            end = TreePath.parentLength(of: part)
        }
        return false
    }
}
