import Crypto
import GodwitModel
import GodwitPluginAPI
import Synchronization

/// Makes the volumes of a restore from snapshots.
///
/// A PersistentVolume is given a new volume that its storage makes of the snapshot, when it passes by as an item. A claim
/// whose snapshot the cluster keeps is given a data source then; the snapshot is brought when the claim is there.
final class SnapshotRestorer: RestoreItemAction {
    /// What became of the volume of a claim.
    enum Outcome: Sendable {
        /// A volume of this id was made.
        case created(String)
        /// A volume of this id was made, and its PersistentVolume did not come to be created.
        case unused(String)
        /// The PersistentVolume was there already, with its own volume.
        case existed
        /// A dry run makes none.
        case wouldBeCreated
    }

    let name = "godwit.io/volume-from-snapshot"
    let appliesTo = ResourceSelector(includedResources: ["persistentvolumes", "persistentvolumeclaims"])

    private let locations: SnapshotLocations?
    private let isDryRun: Bool
    private let byVolume: [String: VolumeRecord]
    private let byClaim: [ClaimName: VolumeRecord]
    /// By PersistentVolume.
    private let outcomes = Mutex<[String: Outcome]>([:])

    init(_ records: [VolumeRecord], _ locations: SnapshotLocations?, isDryRun: Bool) {
        self.locations = locations
        self.isDryRun = isDryRun
        func table<Key>(_ kind: SnapshotKind, _ key: (VolumeRecord) -> Key) -> [Key: VolumeRecord] {
            let rows = records.filter { $0.source?.kind == kind }.map { (key($0), $0) }
            return Dictionary(rows, uniquingKeysWith: { _, last in last })
        }
        byVolume = table(.ofStorage, \.volume)
        byClaim = table(.ofClaim, \.claim)
    }

    /// What became of the volume of a row; nil when its PersistentVolume has not passed by.
    func outcome(of record: VolumeRecord) -> Outcome? { outcomes.withLock { $0[record.volume] } }

    /// Takes notice that the PersistentVolume of a row was not created.
    ///
    /// - Returns: the id of the volume that was made for it; nil for none.
    func noteUnused(_ record: VolumeRecord) -> String? {
        outcomes.withLock { outcomes in
            guard case .created(let volume) = outcomes[record.volume] else { return nil }
            outcomes[record.volume] = .unused(volume)
            return volume
        }
    }

    /// The row of the PersistentVolume that an item of the backup is; nil for one that has no snapshot.
    func record(ofVolume item: ItemIdentity) -> VolumeRecord? {
        item.resource == .persistentVolumes ? byVolume[item.name] : nil
    }

    /// - Throws: ``UnknownSnapshotLocationError``, ``VolumeSnapshotError``.
    func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        if item.kind == "PersistentVolume", let record = byVolume[original.name], let snapshot = record.snapshot {
            return try await volume(item, original.name, snapshot, context)
        }
        let claim = ClaimName(namespace: original.namespace ?? "", name: original.name)
        guard item.kind == "PersistentVolumeClaim", let snapshot = byClaim[claim]?.snapshot else {
            return .restore(item)
        }
        return .restore(try await self.claim(item, claim, snapshot, context))
    }

    private func volume(
        _ item: KubernetesObject, _ name: String, _ snapshot: VolumeRecord.StorageSnapshot,
        _ context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        let snapshotter = try await requireLocations(snapshot).snapshotter(snapshot.location).snapshotter
        let identity = ItemIdentity(resource: .persistentVolumes, namespace: nil, name: item.name)
        // One that is being deleted makes room for a new one, and takes its volume along.
        if let existing = try await context.existing(identity), !existing.isTerminating {
            outcomes.withLock { $0[name] = .existed }
            // It is compared with what is there, which has a volume of its own.
            guard let own = try await snapshotter.volumeID(of: existing) else { return .restore(item) }
            return .restore(try await snapshotter.setVolumeID(own, of: item))
        }
        guard !isDryRun else {
            outcomes.withLock { $0[name] = .wouldBeCreated }
            return .restore(item)
        }
        let id: String
        do {
            id = try await snapshotter.createVolume(from: snapshot.id, like: snapshot.info, zone: snapshot.zone)
        } catch let error as VolumeSnapshotError where Task.isCancelled {
            // It says which volume an interrupted call has left; that of the interruption itself would not.
            throw ItemError("interrupted: \(error)")
        }
        outcomes.withLock { $0[name] = .created(id) }
        return .restore(try await snapshotter.setVolumeID(id, of: item))
    }

    private func claim(
        _ item: KubernetesObject, _ claim: ClaimName, _ snapshot: VolumeRecord.StorageSnapshot,
        _ context: any RestoreContext
    ) async throws -> KubernetesObject {
        let target = context.restore.spec.target(of: claim)
        if let existing = try await context.existing(target.item), !existing.isTerminating {
            // A claim's source cannot be changed, so that it compares as equal.
            var item = item
            for member in ["dataSource", "dataSourceRef", "volumeName"] {
                item[path: "spec", member] = existing[path: "spec", member]
            }
            return item
        }
        let claims = try requireClaims(snapshot)
        return claims.claim(
            item, from: snapshot.claimSnapshot, named: Self.name(of: target, in: context.restore.name))
    }

    /// Brings the snapshot that a restored claim waits for.
    ///
    /// - Parameter object: the claim as the cluster has it.
    func provide(
        _ snapshot: VolumeRecord.StorageSnapshot, for object: KubernetesObject, restore: Restore, timeout: Duration
    ) async throws {
        let claims = try requireClaims(snapshot)
        guard let name = claims.snapshotName(of: object), let namespace = object.namespace else {
            throw VolumeDataError(
                "the claim takes its volume from no snapshot",
                advice: "delete the claim, and restore it again")
        }
        let labels = ["velero.io/backup-name": restore.spec.backupName, "velero.io/restore-name": restore.name]
        try await claims.provide(
            snapshot.claimSnapshot, as: name, in: namespace, labels: labels.mapValues(LabelValue.valid),
            timeout: timeout)
    }

    private func requireLocations(_ snapshot: VolumeRecord.StorageSnapshot) throws -> SnapshotLocations {
        guard let locations else { throw UnknownSnapshotLocationError(name: snapshot.location) }
        return locations
    }

    private func requireClaims(_ snapshot: VolumeRecord.StorageSnapshot) throws -> any ClaimSnapshotter {
        guard let claims = locations?.claims else {
            throw VolumeSnapshotError(
                .invalidConfiguration, operation: "restore \(snapshot.description)", storage: "CSI",
                reason: "snapshots of claims need a cluster with an API server")
        }
        return claims
    }

    /// A name of its own for each claim and restore, that fits wherever a claim's name does.
    static func name(of claim: ClaimName, in restore: String) -> String {
        let digest = SHA256.hash(data: Array("\(restore)\n\(claim)".utf8)).prefix(6)
        let digits = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "\(claim.name.prefix(200))-\(digits)"
    }
}
