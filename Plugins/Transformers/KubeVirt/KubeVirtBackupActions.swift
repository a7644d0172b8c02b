public import GodwitModel
public import GodwitPluginAPI

/// A virtual machine, or an instance of one, brings its disks, Secrets, ConfigMaps and revisions.
///
/// A running machine brings its instance too. The claim of the state of a TPM is found by its name before KubeVirt 1.4;
/// later ones are in the backup where claims are selected.
public struct VirtualMachineBackupAction: BackupItemAction {
    /// `godwit.io/virtual-machine`
    public let name = "godwit.io/virtual-machine"
    /// VirtualMachines and VirtualMachineInstances.
    public let appliesTo = ResourceSelector(includedResources: [
        "virtualmachines.kubevirt.io", "virtualmachineinstances.kubevirt.io",
    ])

    /// The action.
    public init() {}

    /// Names what belongs to the machine.
    public func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
        var items = VirtualMachineGraph.items(of: item)
        if item.kind == "VirtualMachine", item[path: "status", "created"]?.bool == true {
            let instance = ItemIdentity(
                resource: VirtualMachineGraph.instances, namespace: item.namespace, name: item.name)
            items.insert(instance, at: 0)
        }
        return BackupItemOutcome(additionalItems: items)
    }
}

/// A DataVolume that is filled brings its claim.
public struct DataVolumeBackupAction: BackupItemAction {
    /// `godwit.io/data-volume`
    public let name = "godwit.io/data-volume"
    /// DataVolumes.
    public let appliesTo = ResourceSelector(includedResources: ["datavolumes.cdi.kubevirt.io"])

    /// The action.
    public init() {}

    /// Names the claim.
    public func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
        guard item[path: "status", "phase"]?.string == "Succeeded" else { return BackupItemOutcome() }
        let name = item[path: "status", "claimName"]?.string ?? item.name
        return BackupItemOutcome(additionalItems: [
            ItemIdentity(resource: .persistentVolumeClaims, namespace: item.namespace, name: name)
        ])
    }
}
