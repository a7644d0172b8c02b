import Foundation

/// Groups what a walk finds to segments, each entry beside that of the previous snapshot.
struct SegmentSource {
    private let walk: VolumeWalk
    private var previous: PreviousTree?
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
        self.previous = previous?.tree
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
                case .item(let item): ready += builder.add(item, previous: try await previousEntry(at: item.path))
                case .problem(let problem): report(problem)
                }
            }
        }
        return ready.isEmpty ? nil : ready.removeFirst()
    }

    /// What the previous snapshot has under a path. A previous tree that is damaged costs reading all files, and is no
    /// reason to have no backup.
    private mutating func previousEntry(at path: [UInt8]) async throws -> TreeEntry? {
        guard previous != nil else { return nil }
        do {
            guard var entry = try await previous?.entry(at: path) else { return nil }
            while let more = try await previous?.moreExtents() { entry.extents += more }
            return entry
        } catch let error as CancellationError {
            throw error
        } catch {
            previous = nil
            observer.problem(
                VolumeProblem(
                    path: path, severity: .note,
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
