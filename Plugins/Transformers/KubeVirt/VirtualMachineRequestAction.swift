public import GodwitModel
public import GodwitPluginAPI

/// Leaves out requests to KubeVirt that were carried out in the old cluster.
///
/// That they were stands in their status, which is not restored: KubeVirt would refuse them, or carry them out again. A
/// snapshot would be of the restored machine and not of the moment that its name promises. A request that was not carried
/// out yet is restored, but for migrations, which are about nodes of the old cluster.
///
/// Source: the API types of kubevirt.io, snapshot.kubevirt.io and clone.kubevirt.io.
public struct VirtualMachineRequestAction: RestoreItemAction {
    /// `godwit.io/virtual-machine-request`
    public let name = "godwit.io/virtual-machine-request"
    /// Migrations, snapshots with their contents, restores and clones of virtual machines.
    public let appliesTo = ResourceSelector(includedResources: [
        "virtualmachineinstancemigrations.kubevirt.io", "virtualmachinesnapshots.snapshot.kubevirt.io",
        "virtualmachinesnapshotcontents.snapshot.kubevirt.io", "virtualmachinerestores.snapshot.kubevirt.io",
        "virtualmachineclones.clone.kubevirt.io",
    ])

    private static let finalPhases: Set<String> = ["Succeeded", "Failed"]

    /// The action.
    public init() {}

    /// Skips the item if it has been carried out.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard let reason = Self.reason(original) else { return .restore(item) }
        return .skip(reason: reason)
    }

    /// Why an object is not restored; nil when it is.
    private static func reason(_ object: KubernetesObject) -> String? {
        let status = object["status"]
        let hasEnded = finalPhases.contains(status?["phase"]?.string ?? "")
        switch object.kind {
        case "VirtualMachineInstanceMigration": return "it moved an instance between nodes of the old cluster"
        case "VirtualMachineSnapshot" where hasEnded || status?["readyToUse"]?.bool == true:
            return "the snapshot was taken in the old cluster, and would be taken again of the restored machine"
        // Its name is made of the snapshot's uid, so that a new snapshot never takes up an old one.
        case "VirtualMachineSnapshotContent": return "KubeVirt makes it for its VirtualMachineSnapshot"
        case "VirtualMachineRestore" where status?["complete"]?.bool == true:
            return "it was carried out in the old cluster, and would set the machine back again"
        case "VirtualMachineClone" where hasEnded:
            return "it was carried out in the old cluster, and would clone the machine again"
        default: return nil
        }
    }
}
