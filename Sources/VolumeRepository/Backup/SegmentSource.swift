import Foundation

/// Groups what a walk finds to segments, each entry beside that of the previous snapshot.
struct SegmentSource {
    private let walk: VolumeWalk
    private var previous: PreviousSnapshot?
    /// Read when the first file looks like one that was moved.
    private var contents: KnownContents?
    private var builder: SegmentBuilder
    private let observer: VolumeBackup.Observer
    private var ready: [Segment] = []
    private var isAtEnd = false
    /// What the walk could not do, and what it left out.
    private(set) var summary = VolumeBackupSummary()

    init(
        walk: VolumeWalk, previous: PreviousSnapshot?, storage: any ChunkStoring, observer: VolumeBackup.Observer
    ) {
        self.walk = walk
        self.previous = previous
        self.observer = observer
        builder = SegmentBuilder(
            contains: storage.contains, changesAreTrustedBefore: previous?.changesAreTrustedBefore ?? .distantPast)
    }

    /// The next segment in path order; nil at the end.
    mutating func next() async throws -> Segment? {
        while ready.isEmpty, !isAtEnd {
            guard let events = try await walk.nextBatch() else {
                isAtEnd = true
                if let last = builder.finish() { ready.append(last) }
                break
            }
            for event in events {
                switch event {
                case .item(let item): ready += builder.add(item, previous: try await previousEntry(of: item))
                case .problem(let problem): report(problem)
                }
            }
        }
        guard !ready.isEmpty else { return nil }
        var segment = ready.removeFirst()
        segment.contents = contents
        return segment
    }

    /// What the previous snapshot has under an item's path. A previous tree that is damaged costs reading all files, and is no
    /// reason to have no backup.
    private mutating func previousEntry(of item: WalkItem) async throws -> TreeEntry? {
        guard previous != nil else { return nil }
        do {
            var entry = try await previous?.tree.entry(at: item.path)
            while let more = try await previous?.tree.moreExtents() { entry?.extents += more }
            if contents == nil, let previous, previous.mayHave(item, elsewhereThan: entry) {
                contents = try await previous.contents()
            }
            return entry
        } catch let error as CancellationError {
            throw error
        } catch {
            previous = nil
            observer.problem(
                VolumeProblem(
                    path: item.path, severity: .note,
                    reason: "the previous snapshot cannot be read from here on, so files are read anew: \(error)"))
            return nil
        }
    }

    private mutating func report(_ problem: WalkProblem) {
        let severity: VolumeProblem.Severity = problem.severity == .note ? .note : .missing
        if problem.severity == .failure { summary.problems += 1 } else { summary.skipped += 1 }
        observer.problem(VolumeProblem(path: problem.path, severity: severity, reason: problem.reason))
    }
}
