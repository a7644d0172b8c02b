/// Where the kinds of KubeVirt hold the spec of a DataVolume: what fills it, and the claim that it makes.
public enum DataVolumeSpecs {
    /// The resources of all the kinds.
    public static let resources = [
        "datavolumes.cdi.kubevirt.io", "dataimportcrons.cdi.kubevirt.io", "virtualmachines.kubevirt.io",
        "virtualmachinepools.pool.kubevirt.io",
    ]

    /// The path of the specs in an object; nil for kinds without one.
    public static func path(in kind: GroupKind) -> FieldPath? { paths[kind] }

    private static let paths: [GroupKind: FieldPath] = [
        GroupKind("cdi.kubevirt.io", "DataVolume"): "spec",
        GroupKind("cdi.kubevirt.io", "DataImportCron"): "spec.template.spec",
        GroupKind("kubevirt.io", "VirtualMachine"): "spec.dataVolumeTemplates[*].spec",
        GroupKind("pool.kubevirt.io", "VirtualMachinePool"):
            "spec.virtualMachineTemplate.spec.dataVolumeTemplates[*].spec",
    ]
}
