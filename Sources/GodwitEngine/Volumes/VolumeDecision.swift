public import GodwitModel

/// How the data of a volume gets into a backup. The words are Velero's.
public enum VolumeMethod: String, Sendable, Hashable, Codable {
    /// Its files are read into the repository.
    case fsBackup = "fs-backup"
    /// A snapshotter takes it.
    case snapshot
    /// Not at all.
    case skip
}

/// What happens to the data of one volume, and why.
public struct VolumeDecision: Sendable, Hashable {
    /// How it gets into the backup.
    public let method: VolumeMethod
    /// Why, in words.
    public let reason: String
    /// Whether somebody asked for the data, who should be told that it is left out.
    public let isRemarkable: Bool
    /// Whether a snapshot may take the data instead.
    var snapshot = SnapshotWish.none
    /// Something that a person should know once, of however many volumes it is said.
    var remark: String?

    /// What the rules say of a snapshot.
    enum SnapshotWish: Sendable, Hashable {
        /// There is to be none.
        case none
        /// There may be one.
        case allowed
        /// There is to be one, by these words.
        case demanded(by: String)
    }

    init(_ method: VolumeMethod, _ reason: String, isRemarkable: Bool = false, snapshot: SnapshotWish = .none) {
        self.method = method
        self.reason = reason
        self.isRemarkable = isRemarkable
        self.snapshot = snapshot
    }
}

extension VolumeDecision {
    /// The same without any snapshot.
    fileprivate var alone: VolumeDecision { VolumeDecision(method, reason, isRemarkable: isRemarkable) }
}

/// Velero's rules for which volumes are backed up by their files.
///
/// A directory that the user named for a claim comes first; then the volume policies; then the annotations of the pods
/// that mount it, with the backup's default. Velero asks pod by pod and never looks at a claim that no pod mounts; here
/// the default counts for it too.
public struct VolumeBackupRules: Sendable {
    /// Claims that the user named a directory for.
    public var named: Set<ClaimName> = []
    /// The policies; nil for none.
    public var policies: VolumePolicies?
    /// Whether volumes are backed up unless a pod opts out.
    public var includesByDefault = false

    /// Rules: nothing but what pods opt in for.
    public init() {}

    /// Decides for a volume of a backup in a format; Velero's holds no files.
    func decision(for volume: ClaimedVolume, format: BackupFormat) -> VolumeDecision {
        let decision = decision(for: volume)
        guard format == .velero, decision.method == .fsBackup else { return decision }
        return VolumeDecision(
            .skip, "\(decision.reason): the files of volumes need the format godwit", isRemarkable: !includesByDefault)
    }

    /// Decides for a volume.
    public func decision(for volume: ClaimedVolume) -> VolumeDecision {
        let wish = wish(for: volume)
        guard wish.method == .fsBackup || wish.snapshot != .none else { return wish }
        // A claim that waits may name the volume of somebody else.
        let isWaiting = !["", "Bound", "Lost"].contains(volume.phase)
        if volume.volumeName.isEmpty || isWaiting, !named.contains(volume.claim) {
            return wish.method == .fsBackup ? VolumeDecision(.skip, "the claim is not bound to a volume") : wish.alone
        }
        if volume.phase == "Lost" {
            guard wish.method == .fsBackup || wish.isRemarkable else { return wish.alone }
            return VolumeDecision(.skip, "the claim has lost its volume", isRemarkable: true)
        }
        if wish.method == .fsBackup, volume.isBlock {
            return VolumeDecision(
                .skip, "its volumeMode is Block; only volumes with a file system can be read", isRemarkable: true,
                snapshot: .allowed)
        }
        return wish
    }

    private func wish(for volume: ClaimedVolume) -> VolumeDecision {
        if named.contains(volume.claim) { return VolumeDecision(.fsBackup, "its directory was named") }
        if let (action, number) = policies?.decision(for: volume) {
            let reason = "volume policy \(number)"
            return switch action {
            case .skip: VolumeDecision(.skip, reason)
            case .fsBackup: VolumeDecision(.fsBackup, reason)
            case .snapshot:
                VolumeDecision(
                    .skip, "\(reason) wants a snapshot, and there is no snapshotter for it", isRemarkable: true,
                    snapshot: .demanded(by: reason))
            }
        }
        guard includesByDefault else {
            if let pod = volume.pods.first(where: { $0.wish == .included }) {
                return VolumeDecision(.fsBackup, "annotation of pod '\(pod.name)'")
            }
            return VolumeDecision(.skip, "no pod opts in for it", snapshot: .allowed)
        }
        if let pod = volume.pods.first, volume.pods.allSatisfy({ $0.wish == .excluded }) {
            return VolumeDecision(.skip, "annotation of pod '\(pod.name)'", snapshot: .allowed)
        }
        return VolumeDecision(.fsBackup, "the default of the backup")
    }
}
