public import GodwitModel
public import GodwitPluginAPI

/// CDI's annotations for volumes that are filled already.
enum PopulationMark {
    /// On a DataVolume: the claim of this name is there and filled.
    static let onDataVolume = "cdi.kubevirt.io/storage.prePopulated"
    /// On a claim: it is filled for the DataVolume of this name.
    static let onClaim = "cdi.kubevirt.io/storage.populatedFor"
    /// On a claim in a backup of the kubevirt-velero-plugin: its DataVolume was not filled yet.
    static let inProgress = "kvp.kubevirt.io/storage.inprogress"
}

/// Keeps CDI from filling a DataVolume again that was filled: it would import the image once more, over the restored data.
///
/// One that was not filled yet stays as it is, and CDI fills it. One whose claim comes back without its data is told of: the
/// machine would find an empty disk, and CDI takes it for filled.
public struct DataVolumeAction: RestoreItemAction {
    /// `godwit.io/data-volume`
    public let name = "godwit.io/data-volume"
    /// DataVolumes.
    public let appliesTo = ResourceSelector(includedResources: ["datavolumes.cdi.kubevirt.io"])

    private let restoresDeletableVolumes: Bool

    /// - Parameter restoresDeletableVolumes: PersistentVolumes whose reclaim policy is Delete are restored as they are.
    public init(restoresDeletableVolumes: Bool = false) { self.restoresDeletableVolumes = restoresDeletableVolumes }

    /// Marks the volume, and restores its claim before it.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard original[path: "status", "phase"]?.string == "Succeeded", let namespace = original.namespace else {
            return .restore(item)
        }
        let name = original[path: "status", "claimName"]?.string ?? original.name
        let claim = ClaimName(namespace: namespace, name: name)
        // Without the claim CDI has to fill it: there is nothing that could be overwritten.
        guard context.mayRestore(claim.item) else { return .restore(item) }
        var item = item
        let target = context.restore.spec.target(of: claim)
        item[path: "metadata", "annotations", PopulationMark.onDataVolume] = .string(target.name)
        var warnings: [String] = []
        if try await !comesWithData(claim, context) {
            warnings.append("claim '\(claim.name)' comes back without its data, and CDI takes it for filled")
        }
        return .restore(item, additionalItems: [claim.item], warnings: warnings)
    }

    /// Whether the claim is filled, made of a snapshot, finds its old volume, or is in the cluster already.
    private func comesWithData(_ claim: ClaimName, _ context: any RestoreContext) async throws -> Bool {
        if context.holdsData(of: claim) || context.snapshot(of: claim) != nil { return true }
        if try await context.existing(context.restore.spec.target(of: claim).item) != nil { return true }
        let stored = try await context.backedUp(claim.item)
        guard let name = stored?[path: "spec", "volumeName"]?.string, !name.isEmpty else { return false }
        let volume = ItemIdentity(resource: .persistentVolumes, namespace: nil, name: name)
        guard context.mayRestore(volume), let volume = try await context.backedUp(volume) else { return false }
        return restoresDeletableVolumes || volume[path: "spec", "persistentVolumeReclaimPolicy"]?.string != "Delete"
    }
}

/// Marks the claim of a DataVolume as filled, or leaves it to CDI where it was not.
public struct DataVolumeClaimAction: RestoreItemAction {
    /// `godwit.io/data-volume-claim`
    public let name = "godwit.io/data-volume-claim"
    /// Claims.
    public let appliesTo = ResourceSelector(includedResources: ["persistentvolumeclaims"])

    /// The action.
    public init() {}

    /// Marks or skips the claim.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        if let volume = original.annotations[PopulationMark.inProgress] {
            return .skip(reason: Self.reason(volume))
        }
        guard let owner = original.owners.first(where: { $0.kind == "DataVolume" }), let namespace = original.namespace
        else { return .restore(item) }
        let identity = ItemIdentity(
            resource: VirtualMachineGraph.dataVolumes, namespace: namespace, name: owner.name)
        // Where it is not in the backup, nothing but the claim is left of it.
        let phase = try await context.backedUp(identity)?[path: "status", "phase"]?.string ?? "Succeeded"
        guard phase == "Succeeded" || !context.willRestore(identity) else {
            return .skip(reason: Self.reason(owner.name))
        }
        var item = item
        // A DataVolume has the name of its claim, and is mapped with it.
        let target = context.restore.spec.target(of: ClaimName(namespace: namespace, name: owner.name))
        item[path: "metadata", "annotations", PopulationMark.onClaim] = .string(target.name)
        return .restore(item)
    }

    private static func reason(_ volume: String) -> String {
        "DataVolume '\(volume)' had not filled it; it is filled anew"
    }
}
