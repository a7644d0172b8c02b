public import GodwitModel
public import GodwitPluginAPI

/// Makes a claim ready to be bound, to its restored volume or to a new one.
///
/// The marks of the binding and of the scheduler's choice of node are removed. `volumeName` stays if its volume is
/// restored with it, under the name it then has, or stands in the cluster and is free for this claim; otherwise it is
/// removed, and with it what would tie the new volume to something gone: data sources, and the selector unless the claim
/// asks for no class at all. (Velero keeps the name of a volume that is not restored, and the claim waits for ever.)
public struct PersistentVolumeClaimAction: RestoreItemAction {
    /// `godwit.io/persistent-volume-claim`
    public let name = "godwit.io/persistent-volume-claim"
    /// Claims.
    public let appliesTo = ResourceSelector(includedResources: ["persistentvolumeclaims"])

    private static let annotations =
        PersistentVolumeAction.bindingAnnotations + [
            "volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner",
            "volume.kubernetes.io/selected-node", "velero.io/volume-snapshot-name", "velero.io/data-upload-name",
            ClaimName.unfilledAnnotation,
        ]

    private let rules: VolumeRules

    /// The action under these rules.
    public init(rules: VolumeRules = VolumeRules()) { self.rules = rules }

    /// Unbinds the claim and names its volume, which is then restored first.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        item.removeAnnotations(Self.annotations)
        guard let volumeName = original[path: "spec", "volumeName"]?.string, !volumeName.isEmpty else {
            return .restore(item)
        }
        let volume = ItemIdentity(resource: .persistentVolumes, namespace: nil, name: volumeName)
        if context.mayRestore(volume), let stored = try await context.backedUp(volume) {
            switch try await rules.decision(for: stored, context) {
            case .restore(let name):
                item[path: "spec", "volumeName"] = .string(name)
                return .restore(item, additionalItems: [volume])
            case .provisionAnew:
                try await release(&item, original, context)
            }
        } else if try await !isFree(volume, for: original, context) {
            try await release(&item, original, context)
        }
        return .restore(item)
    }

    /// Whether the cluster has the volume, unclaimed or reserved for the restored claim.
    private func isFree(
        _ volume: ItemIdentity, for claim: KubernetesObject, _ context: any RestoreContext
    ) async throws -> Bool {
        guard let existing = try await context.existing(volume), let namespace = claim.namespace else { return false }
        guard let holder = ClaimName(holderOf: existing) else { return true }
        return holder == context.restore.spec.target(of: ClaimName(namespace: namespace, name: claim.name))
    }

    /// Lets the claim have a new volume. If the claim exists, from an earlier run or because nothing was lost, it keeps
    /// the volume it has there, so that it compares as equal.
    private func release(
        _ item: inout KubernetesObject, _ original: KubernetesObject, _ context: any RestoreContext
    ) async throws {
        let claim = ClaimName(namespace: original.namespace ?? "", name: original.name)
        let existing = try await context.existing(context.restore.spec.target(of: claim).item)
        item[path: "spec", "volumeName"] = existing?[path: "spec", "volumeName"]
        item[path: "spec", "dataSource"] = nil
        item[path: "spec", "dataSourceRef"] = nil
        // An empty class means: no provisioning, find a volume by selector.
        if item[path: "spec", "storageClassName"]?.string != "" { item[path: "spec", "selector"] = nil }
    }
}
