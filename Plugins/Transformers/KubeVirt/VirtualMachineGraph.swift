import FieldPaths
import GodwitModel

/// What a virtual machine cannot run without, as far as its object names it.
///
/// Source: KubeVirt's API types; the same as the kubevirt-velero-plugin follows.
enum VirtualMachineGraph {
    static let dataVolumes = GroupResource(group: "cdi.kubevirt.io", resource: "datavolumes")
    static let instances = GroupResource(group: "kubevirt.io", resource: "virtualmachineinstances")
    private static let revisions = GroupResource(group: "apps", resource: "controllerrevisions")
    private static let configMaps = GroupResource(resource: "configmaps")

    /// Places of names in the spec of an instance. The claim of a DataVolume has its name.
    private static let places: [(path: FieldPath, resources: [GroupResource])] = [
        ("volumes[*].dataVolume.name", [dataVolumes, .persistentVolumeClaims]),
        ("volumes[*].persistentVolumeClaim.claimName", [.persistentVolumeClaims]),
        ("volumes[*].ephemeral.persistentVolumeClaim.claimName", [.persistentVolumeClaims]),
        ("volumes[*].memoryDump.claimName", [.persistentVolumeClaims]),
        ("volumes[*].configMap.name", [configMaps]),
        ("volumes[*].sysprep.configMap.name", [configMaps]),
        ("volumes[*].secret.secretName", [.secrets]),
        ("volumes[*].sysprep.secret.name", [.secrets]),
        ("volumes[*].serviceAccount.serviceAccountName", [.serviceAccounts]),
        ("volumes[*].cloudInitNoCloud.secretRef.name", [.secrets]),
        ("volumes[*].cloudInitNoCloud.networkDataSecretRef.name", [.secrets]),
        ("volumes[*].cloudInitConfigDrive.secretRef.name", [.secrets]),
        ("volumes[*].cloudInitConfigDrive.networkDataSecretRef.name", [.secrets]),
        ("accessCredentials[*].sshPublicKey.source.secret.secretName", [.secrets]),
        ("accessCredentials[*].userPassword.source.secret.secretName", [.secrets]),
    ]

    /// Items that a VirtualMachine or VirtualMachineInstance needs, each once, in the order of the object.
    static func items(of machine: KubernetesObject) -> [ItemIdentity] {
        var items: [ItemIdentity] = []
        func add(_ resource: GroupResource, _ name: String?) {
            guard let name, !name.isEmpty else { return }
            let item = ItemIdentity(resource: resource, namespace: machine.namespace, name: name)
            if !items.contains(item) { items.append(item) }
        }
        for matcher in ["instancetype", "preference"] { add(revisions, revision(matcher, of: machine)) }
        guard let spec = PodSpecs.path(in: GroupKind(of: machine)) else { return items }
        for place in places {
            for name in spec.appending(place.path).values(in: machine) {
                for resource in place.resources { add(resource, name.string) }
            }
        }
        // Where the state of a TPM or of EFI variables is kept; KubeVirt 1.4 and later generate another name.
        let devices: [FieldPath] = ["domain.devices.tpm.persistent", "domain.firmware.bootloader.efi.persistent"]
        if devices.contains(where: { spec.appending($0).values(in: machine) == [true] }) {
            add(.persistentVolumeClaims, "persistent-state-for-\(machine.name)")
        }
        return items
    }

    /// The revision of an instance type or preference that a machine was made with; its status knows it best.
    static func revision(_ matcher: String, of machine: KubernetesObject) -> String? {
        machine[path: "status", "\(matcher)Ref", "controllerRevisionRef", "name"]?.string
            ?? machine[path: "spec", matcher, "revisionName"]?.string
    }
}
