public import GodwitModel
import Synchronization

/// What a restore does about the data of volumes.
public struct VolumeRestoreSettings: Sendable {
    /// What the backup says of its volumes.
    public var records: [VolumeRecord]
    /// Moves the data.
    public var mover: any VolumeDataMover
    /// Where the snapshots are that storages keep; nil where none can be restored.
    public var snapshots: SnapshotLocations?
    /// Read everything back after it was written, and compare it.
    public var verifies = false
    /// How volumes are mounted that only a pod can mount.
    public var mounts = ClaimMountSettings()

    /// Settings.
    public init(records: [VolumeRecord], mover: any VolumeDataMover) {
        self.records = records
        self.mover = mover
    }
}

/// What became of the data of one claim's volume in a restore.
public struct VolumeRestoreRecord: Sendable, Hashable {
    /// The claim, as named in the backup.
    public let claim: ClaimName
    /// The claim in the cluster.
    public let target: ClaimName
    /// The snapshot; nil when the backup has no data of it.
    public var snapshot: String?
    /// How it ended.
    public var phase = VolumeRecord.Phase.skipped
    /// What went wrong, or why it was left alone.
    public var reason: String?
    /// What was done, where something was.
    public var result: VolumeRestoreResult?

    /// The row of the restore's volumes file.
    public var json: JSONValue {
        var row: JSONValue = [
            "claim": .string(claim.description), "target": .string(target.description),
            "phase": .string(phase.rawValue),
        ]
        if let snapshot { row["snapshot"] = .string(snapshot) }
        if let reason { row["reason"] = .string(reason) }
        guard let result else { return row }
        row["path"] = .string(result.path)
        for (key, number) in [
            "filesWritten": result.filesWritten, "filesUnchanged": result.filesUnchanged, "removed": result.removed,
            "failures": result.failures,
        ] { row[key] = .integer(Int64(number)) }
        row["bytesWritten"] = .integer(result.bytes)
        if let verified = result.verified { row["filesVerified"] = .integer(Int64(verified)) }
        return row
    }
}

/// Claims whose volume should have been filled and was not: what uses them must not start on an empty volume.
final class UnfilledClaims: Sendable {
    private let claims = Mutex<Set<ClaimName>>([])

    func add(_ claim: ClaimName) { claims.withLock { _ = $0.insert(claim) } }

    /// The first such claim that an object's pods or virtual machines use.
    func claim(usedBy object: KubernetesObject) -> ClaimName? {
        let unfilled = claims.withLock { $0 }.filter { $0.namespace == object.namespace }
        guard !unfilled.isEmpty else { return nil }
        let named = object.namedClaims
        return unfilled.sorted().first { named.contains($0) || $0.isMade(by: object) }
    }
}
