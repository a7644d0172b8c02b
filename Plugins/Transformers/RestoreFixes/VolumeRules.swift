import Crypto
import GodwitModel
import GodwitPluginAPI

/// What becomes of a PersistentVolume. Volume and claim are restored apart and must agree, so both ask here, and the
/// answer depends on nothing but the backup and on whether the name is taken by a volume of another claim.
public struct VolumeRules: Sendable, Hashable {
    enum Decision: Sendable, Hashable {
        /// It is restored under this name.
        case restore(as: String)
        /// It is left out for this reason, and the claim gets a new volume.
        case provisionAnew(reason: String)
    }

    /// Restore volumes whose reclaim policy is Delete as they are.
    public let restoresDeletableVolumes: Bool

    /// Rules.
    public init(restoresDeletableVolumes: Bool = false) { self.restoresDeletableVolumes = restoresDeletableVolumes }

    /// Decides for a volume as it stands in the backup.
    func decision(for volume: KubernetesObject, _ context: any RestoreContext) async throws -> Decision {
        let snapshot = ClaimName(holderOf: volume).flatMap { context.snapshot(of: $0) }
        if snapshot == .ofClaim {
            return .provisionAnew(reason: "its claim gets a new volume, which is made of a snapshot")
        }
        let policy = volume[path: "spec", "persistentVolumeReclaimPolicy"]?.string
        if policy == "Delete", !restoresDeletableVolumes, snapshot == nil {
            return .provisionAnew(reason: "its reclaim policy is Delete; its claim gets a new volume")
        }
        guard let claim = ClaimName(holderOf: volume) else { return .restore(as: volume.name) }
        // As in Velero: a disk of the old cluster would be bound here, to be written over with its own data.
        if volume.annotations["pv.kubernetes.io/provisioned-by"] != nil, context.holdsData(of: claim) {
            return .provisionAnew(reason: "its data is in the backup; its claim gets a new volume, which is filled")
        }
        let target = context.restore.spec.target(of: claim)
        guard target != claim else { return .restore(as: volume.name) }
        let identity = ItemIdentity(resource: .persistentVolumes, namespace: nil, name: volume.name)
        guard let existing = try await context.existing(identity), ClaimName(holderOf: existing) != target else {
            return .restore(as: volume.name)
        }
        return .restore(as: Self.cloneName(of: volume.name, for: target))
    }

    /// Velero's form of name, `velero-clone-<uuid>`. The uuid is made of what the clone is, so that claim and volume,
    /// and a restore that is run again, come to the same name.
    static func cloneName(of volume: String, for claim: ClaimName) -> String {
        let seed = "\(volume)\n\(claim.namespace)\n\(claim.name)"
        var bytes = Array(SHA256.hash(data: Array(seed.utf8)).prefix(16))
        // RFC 9562, version 8: bits of one's own.
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef")
        var uuid = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { uuid.append("-") }
            uuid.append(digits[Int(byte >> 4)])
            uuid.append(digits[Int(byte & 15)])
        }
        return "velero-clone-\(uuid)"
    }
}

extension ClaimName {
    /// The claim that a PersistentVolume is bound to, or reserved for.
    init?(holderOf volume: KubernetesObject) {
        guard let namespace = volume[path: "spec", "claimRef", "namespace"]?.string,
            let name = volume[path: "spec", "claimRef", "name"]?.string
        else { return nil }
        self.init(namespace: namespace, name: name)
    }
}
