import Glibc
import Streams

/// The way through the tree that makes the further hard links, when the files that they link to are there.
///
/// A second reading of the tree needs less memory than to keep the links of the first.
actor HardLinkPass {
    private let executor = ThreadExecutor(name: "restore-links")
    private let root: FileDescriptor
    private let options: RestoreOptions
    private let log: RestoreLog
    private let files: FileRestorer
    private let others: OtherRestorer
    private let metadata: MetadataWriter
    /// First paths that are not selected, each with the selected link that gets the content instead.
    private let orphans: [[UInt8]: [UInt8]]
    private var more: BoundedChannel<[Extent]>?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        root: FileDescriptor, source: any ChunkReading, options: RestoreOptions, log: RestoreLog,
        orphans: [[UInt8]: [UInt8]]
    ) {
        self.root = root
        self.options = options
        self.log = log
        self.orphans = orphans
        metadata = MetadataWriter(log: log)
        files = FileRestorer(source: source, options: options, log: log, metadata: metadata)
        others = OtherRestorer(options: options, log: log, metadata: metadata)
    }

    func run(_ reader: TreeReader) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            defer { more?.finish(throwing: CancellationError()) }
            while let events = try await reader.nextBatch() {
                for event in events {
                    // Links come after their content in the tree, so that is waited for before anything else.
                    if more == nil { try await tasks.waitForAll() }
                    try log.checkEnd()
                    if let work = try await take(event) { tasks.addTask { try await work() } }
                }
            }
            try await tasks.waitForAll()
        }
        try log.checkEnd()
    }

    private func take(_ event: TreeEvent) async throws -> (@Sendable () async throws -> Void)? {
        switch event {
        case .entry(let entry, let isComplete):
            guard let job = job(for: entry) else {
                link(entry)
                return nil
            }
            let more = isComplete ? nil : BoundedChannel<[Extent]>(limit: 2) { _ in 1 }
            self.more = more
            return { [files] in try await files.restoreLarge(job, more: more) }
        case .extents(let extents, let isLast):
            do { try await more?.send(extents) } catch is ChannelAbandoned { more = nil }
            if isLast {
                more?.finish()
                more = nil
            }
            return nil
        }
    }

    /// The job that gives the content of an unselected first path to the link that is selected.
    private func job(for entry: TreeEntry) -> FileJob? {
        guard entry.kind == .file, entry.hardLink == nil, let path = orphans[entry.path] else { return nil }
        var entry = entry
        entry.path = path
        do throws(FileError) {
            let directory = try TargetDirectory.reopen(for: path, under: root, metadata)
            return FileJob(entry: entry, name: TreePath.name(of: path), directory: directory)
        } catch {
            log.lose(entry, error)
            return nil
        }
    }

    private func link(_ entry: TreeEntry) {
        guard let first = entry.hardLink, options.includes(entry.path) else { return }
        let source = orphans[first] ?? first
        if source != entry.path { others.link(entry.path, to: source, under: root) }
    }
}
