import GodwitModel
public import GodwitPluginAPI
import KubernetesClient

/// What a backup does about snapshots of volumes.
public struct VolumeSnapshotSettings: Sendable {
    /// The snapshotters that are asked, in order; the first that recognises a volume takes its snapshot.
    public var locations: [ChosenSnapshotLocation]
    /// Asked after them; nil for nobody.
    public var claims: (any ClaimSnapshotter)?
    /// Whether snapshots are taken: true also tells of a volume that none can be taken of, false takes those only that
    /// a volume policy asks for, nil takes what can be taken. As `snapshotVolumes` in Velero.
    public var wanted: Bool?
    /// Move the data of snapshots into the repository where their files can be read here, and delete them then.
    public var movesData = false
    /// How long a snapshot of a claim may take.
    public var timeout = Duration.seconds(600)

    /// Settings.
    public init(locations: [ChosenSnapshotLocation], claims: (any ClaimSnapshotter)? = nil) {
        self.locations = locations
        self.claims = claims
    }
}

/// Who takes the snapshot of a volume.
enum SnapshotRoute: Sendable {
    /// A snapshotter that has recognised the volume.
    case storage(ChosenSnapshotLocation, any VolumeSnapshotter, volumeID: String, zone: String?)
    /// The cluster.
    case claim(any ClaimSnapshotter, ClaimSnapshotOffer)

    /// In words.
    var description: String {
        switch self {
        case .storage(let location, _, _, _): "snapshot location '\(location.name)'"
        case .claim(_, let offer): "VolumeSnapshotClass '\(offer.snapshotClass)'"
        }
    }
}

/// Decides which volumes are backed up by a snapshot: Velero's rules, after those for files.
struct SnapshotRouter: Sendable {
    let settings: VolumeSnapshotSettings
    let request: BackupRequest
    let catalog: APIResourceCatalog

    /// The final decision for a volume.
    ///
    /// - Parameter decision: of the rules for files, which come first.
    /// - Throws: the source's errors, when PersistentVolume or claim cannot be read; the snapshotters'.
    func decide(
        _ volume: ClaimedVolume, after decision: VolumeDecision
    ) async throws -> (decision: VolumeDecision, route: SnapshotRoute?) {
        let demand: String?
        switch decision.snapshot {
        case .none: return (decision, nil)
        case .allowed where settings.wanted == false: return (decision, nil)
        case .allowed: demand = settings.wanted == true ? "--snapshot-volumes" : nil
        case .demanded(let by): demand = by
        }
        func skip(_ reason: String) -> (VolumeDecision, SnapshotRoute?) {
            guard let demand else { return (decision, nil) }
            return (VolumeDecision(.skip, "\(demand) wants a snapshot, and \(reason)", isRemarkable: true), nil)
        }
        func take(_ route: SnapshotRoute) -> (VolumeDecision, SnapshotRoute?) {
            let reasons = [demand, route.description].compactMap(\.self)
            return (VolumeDecision(.snapshot, reasons.joined(separator: ", ")), route)
        }
        guard let persistentVolume = try await read(.persistentVolumes, nil, volume.volumeName) else {
            return skip("its PersistentVolume is not known")
        }
        // A claim may name a volume that it was never given.
        guard persistentVolume.volumeHolder == volume.claim else {
            return skip("PersistentVolume '\(volume.volumeName)' is not bound to it")
        }
        if let route = try await storageRoute(persistentVolume) {
            guard volume.isVolumeInBackup else {
                return skip("PersistentVolume '\(volume.volumeName)', which a restore needs, is not in the backup")
            }
            return take(route)
        }
        guard let claims = settings.claims,
            let claim = try await read(.persistentVolumeClaims, volume.claim.namespace, volume.claim.name)
        else { return skip("there is no snapshotter for it") }
        do {
            guard
                let offer = try await claims.offer(for: claim, volume: persistentVolume, backup: request.backup)
            else { return skip("there is no snapshotter for it") }
            // It would take objects that only Velero makes; and a snapshot that no list names is never deleted.
            guard request.format != .velero else {
                return (VolumeDecision(.skip, "snapshots by CSI need the format godwit", isRemarkable: true), nil)
            }
            return take(.claim(claims, offer))
        } catch let error as ClusterError where error.kind == .forbidden && demand == nil {
            // Nobody has asked for snapshots, and most clusters' users may not look at their classes.
            var decision = decision
            decision.remark =
                "no snapshots by CSI are taken, because nobody may read their classes here; grant the right, or say "
                + "--snapshot-volumes=false: \(error)"
            return (decision, nil)
        } catch let error as VolumeSnapshotError where error.kind == .invalidConfiguration {
            // Somebody has set up snapshots for it, and not to the end.
            return (VolumeDecision(.skip, error.reason ?? error.summary, isRemarkable: true), nil)
        }
    }

    /// The first location that recognises a volume. One that cannot be opened or asked does not keep the others from it.
    private func storageRoute(_ volume: KubernetesObject) async throws -> SnapshotRoute? {
        var failures: [any Error] = []
        for location in settings.locations {
            do {
                let snapshotter = try await location.snapshotter()
                guard let id = try await snapshotter.volumeID(of: volume), !id.isEmpty else { continue }
                return .storage(location, snapshotter, volumeID: id, zone: volume.volumeZone)
            } catch {
                try Task.checkCancellation()
                failures.append(error)
            }
        }
        if let failure = failures.first { throw failure }
        return nil
    }

    private func read(_ resource: GroupResource, _ namespace: String?, _ name: String) async throws -> KubernetesObject?
    {
        guard let resource = catalog[resource], !name.isEmpty else { return nil }
        let item = try await request.cluster.get(resource, namespace: namespace, name: name)
        return try item.map { try KubernetesObject(parsing: $0.bytes) }
    }
}
