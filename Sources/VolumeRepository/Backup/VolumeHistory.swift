/// What the repository had of volumes before a run: read once, for all volumes of the run.
public final class VolumeHistory: Sendable {
    private let latest: [Snapshot.Volume: StoredSnapshot]
    let reader: RepositoryReader?

    init(_ snapshots: [StoredSnapshot], reader: RepositoryReader?) {
        // The oldest come first.
        latest = Dictionary(snapshots.map { ($0.snapshot.volume, $0) }, uniquingKeysWith: { $1 })
        self.reader = reader
    }

    /// The newest snapshot of a volume.
    func snapshot(of volume: Snapshot.Volume) -> StoredSnapshot? { latest[volume] }

    /// Ends it.
    public func close() async { await reader?.close() }
}

extension Repository {
    /// Reads what there is. Call it after ``makeWriter()``: the writer's lock keeps what earlier snapshots need from being
    /// pruned.
    ///
    /// - Parameter volume: the only one that is asked for; nil for all.
    public func history(of volume: Snapshot.Volume? = nil) async throws -> VolumeHistory {
        let snapshots = try await snapshots().snapshots.filter { volume == nil || $0.snapshot.volume == volume }
        return VolumeHistory(snapshots, reader: snapshots.isEmpty ? nil : try await makeReader(use: nil))
    }
}
