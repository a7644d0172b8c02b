import GodwitModel
import KubernetesClient

/// Gathers what a backup's pods, claims and PersistentVolumes say of volumes, while they pass by. It costs a few hundred
/// bytes a claim.
struct VolumeSurvey: Sendable {
    private var claims: [ClaimName: ClaimedVolume] = [:]
    private var pods: [ClaimName: [ClaimedVolume.MountingPod]] = [:]
    private var sources: [String: KubernetesObject] = [:]
    /// Volumes that their pods ask for and that are no claims, in words by pod.
    private(set) var unclaimed: [(pod: ItemIdentity, names: String)] = []

    private static let included = "backup.velero.io/backup-volumes"
    private static let excluded = "backup.velero.io/backup-volumes-excludes"

    /// The resources that say something.
    static let resources: Set<GroupResource> = [.pods, .persistentVolumeClaims, .persistentVolumes]

    /// Takes notice of an item of the backup.
    mutating func note(_ item: Item) {
        guard Self.resources.contains(item.resource),
            // A text that is no object has been recorded where it was first decoded.
            let object = try? KubernetesObject(parsing: item.bytes)
        else { return }
        switch item.resource {
        case .pods: note(pod: object)
        case .persistentVolumeClaims:
            guard let volume = ClaimedVolume(claim: object, volume: nil) else { return }
            claims[volume.claim] = volume
        default: note(volume: object)
        }
    }

    private mutating func note(pod: KubernetesObject) {
        guard let namespace = pod.namespace else { return }
        let annotations = pod.annotations
        func names(_ key: String) -> Set<String> {
            Set((annotations[key] ?? "").split(separator: ",").map { $0.trimmingSpaces() })
        }
        let (included, excluded) = (names(Self.included), names(Self.excluded))
        var claimed: Set<String> = []
        // What has run to its end mounts nothing any more.
        let hasEnded = ["Succeeded", "Failed"].contains(pod[path: "status", "phase"]?.string ?? "")
        for volume in pod[path: "spec", "volumes"]?.array ?? [] {
            guard let claim = volume[path: "persistentVolumeClaim", "claimName"]?.string else { continue }
            let name = volume["name"]?.string ?? ""
            claimed.insert(name)
            let wish: ClaimedVolume.Wish? =
                excluded.contains(name) ? .excluded : included.contains(name) ? .included : nil
            pods[ClaimName(namespace: namespace, name: claim), default: []].append(
                ClaimedVolume.MountingPod(
                    name: pod.name, uid: hasEnded ? "" : pod[path: "metadata", "uid"]?.string ?? "",
                    node: pod[path: "spec", "nodeName"]?.string ?? "", wish: wish))
        }
        let others = included.subtracting(claimed).filter { !$0.isEmpty }.sorted()
        guard !others.isEmpty else { return }
        let identity = ItemIdentity(resource: .pods, namespace: namespace, name: pod.name)
        unclaimed.append((identity, others.map { "'\($0)'" }.joined(separator: ", ")))
    }

    /// Keeps of a PersistentVolume what is looked at later.
    private mutating func note(volume: KubernetesObject) {
        var kept = KubernetesObject(["metadata": ["name": .string(volume.name)]])
        kept["spec"] = volume["spec"]
        if let provisioner = volume.annotations["pv.kubernetes.io/provisioned-by"] {
            kept[path: "metadata", "annotations", "pv.kubernetes.io/provisioned-by"] = .string(provisioner)
        }
        sources[volume.name] = kept
    }

    /// The volumes of all claims, by name.
    ///
    /// - Parameter missing: reads a PersistentVolume that is not part of the backup; nil when there is none.
    func volumes(
        missing: (String) async throws -> KubernetesObject?
    ) async throws -> [ClaimedVolume] {
        var volumes: [ClaimedVolume] = []
        for var volume in claims.values.sorted(by: { $0.claim < $1.claim }) {
            volume.pods = pods[volume.claim] ?? []
            if !volume.volumeName.isEmpty {
                let known = sources[volume.volumeName]
                let source: KubernetesObject? =
                    if let known { known } else { try await missing(volume.volumeName) }
                // One that is another claim's says nothing of this claim's data.
                if let source, source.volumeHolder == nil || source.volumeHolder == volume.claim {
                    volume.take(source)
                    volume.isVolumeInBackup = known != nil
                }
            }
            volumes.append(volume)
        }
        return volumes
    }
}
