import Streams

/// Stores a directory tree in a repository: walks it, reads what changed since the previous snapshot, and writes the
/// new tree.
public struct VolumeBackup: Sendable {
    /// Hears of what happens, from any task.
    public struct Observer: Sendable {
        /// Totals so far, often.
        public var progress: @Sendable (VolumeBackupSummary) -> Void
        /// Each problem.
        public var problem: @Sendable (VolumeProblem) -> Void

        /// An observer.
        public init(
            progress: @escaping @Sendable (VolumeBackupSummary) -> Void = { _ in },
            problem: @escaping @Sendable (VolumeProblem) -> Void = { _ in }
        ) {
            self.progress = progress
            self.problem = problem
        }
    }

    private let storage: any ChunkStoring
    private let chunkerSeed: UInt64
    private let cores: Int

    /// - Parameters:
    ///   - storage: where chunks go.
    ///   - chunkerSeed: the repository's.
    ///   - cores: that there is work for. Memory grows with them, up to a bound.
    public init(storage: any ChunkStoring, chunkerSeed: UInt64, cores: Int) {
        self.storage = storage
        self.chunkerSeed = chunkerSeed
        self.cores = cores
    }

    /// Stores what a walk finds.
    ///
    /// The chunks are durable only once the storage's owner has finished it.
    ///
    /// - Parameters:
    ///   - walk: of the volume's root.
    ///   - previous: the volume's previous snapshot.
    ///   - isFrozen: whether what changes or vanishes is lost, as in a snapshot of a storage.
    ///   - observer: hears of progress and problems.
    /// - Throws: the storage's errors; an entry that cannot be read is a problem told to the observer, and no error.
    public func run(
        walking walk: VolumeWalk, previous: PreviousSnapshot?, isFrozen: Bool = false, observer: Observer
    ) async throws -> VolumeBackupSummary {
        let room = BackupRoom(cores: cores)
        let reader = SegmentReader(
            storage: storage, chunker: ContentDefinedChunker(sizes: .content, seed: chunkerSeed), room: room)
        var segments = SegmentSource(walk: walk, previous: previous, storage: storage, observer: observer)
        var tree = TreeWriter(storage: storage, seed: chunkerSeed)
        var summary = VolumeBackupSummary()
        var lostLinks = LostLinks()
        try await forEachInOrder(limit: room.segments) {
            try await segments.next()
        } work: { segment in
            try await reader.read(segment)
        } consume: { outcome in
            var outcome = outcome
            lostLinks.remove(from: &outcome)
            if isFrozen { outcome.countChangesAsLosses() }
            for problem in outcome.problems { observer.problem(problem) }
            try await tree.append(outcome.entries)
            summary.add(outcome.summary)
            observer.progress(summary)
        }
        try await tree.finish()
        summary.add(segments.summary)
        summary.tree = tree.chunks
        summary.treeBytes = tree.size
        summary.treeBytesStored = tree.storedBytes
        return summary
    }
}
