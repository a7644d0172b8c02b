public import GodwitModel
public import GodwitPluginAPI

/// Restores what a virtual machine needs before it, and keeps the revisions of its instance type and preference.
///
/// The revisions stand in the status, which is not restored: from the spec KubeVirt takes them up again, instead of those
/// that the types have become meanwhile.
public struct VirtualMachineAction: RestoreItemAction {
    /// `godwit.io/virtual-machine`
    public let name = "godwit.io/virtual-machine"
    /// VirtualMachines.
    public let appliesTo = ResourceSelector(includedResources: ["virtualmachines.kubevirt.io"])

    /// The action.
    public init() {}

    /// Names the revisions and the items.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        for matcher in ["instancetype", "preference"] where item[path: "spec", matcher]?.object != nil {
            guard let revision = VirtualMachineGraph.revision(matcher, of: original), !revision.isEmpty else {
                continue
            }
            item[path: "spec", matcher, "revisionName"] = .string(revision)
        }
        let needed = VirtualMachineGraph.items(of: original).filter(context.backupContains)
        return .restore(item, additionalItems: needed)
    }
}
