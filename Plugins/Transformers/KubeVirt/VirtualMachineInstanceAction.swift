public import GodwitModel
public import GodwitPluginAPI

/// Leaves out instances that a virtual machine owns, and cleans those that stand alone: KubeVirt refuses instances with
/// the labels that it sets itself.
public struct VirtualMachineInstanceAction: RestoreItemAction {
    private static let labels = [
        "kubevirt.io/created-by", "kubevirt.io/migrationJobUID", "kubevirt.io/nodeName",
        "kubevirt.io/migrationTargetNodeName", "kubevirt.io/schedulable", "kubevirt.io/install-strategy",
    ]

    /// `godwit.io/virtual-machine-instance`
    public let name = "godwit.io/virtual-machine-instance"
    /// VirtualMachineInstances.
    public let appliesTo = ResourceSelector(includedResources: ["virtualmachineinstances.kubevirt.io"])

    /// The action.
    public init() {}

    /// Skips or cleans the instance, and names what it needs.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        if let owner = original.owners.first(where: \.isController) {
            return .skip(reason: "its \(owner.kind) '\(owner.name)' makes it again")
        }
        var item = item
        for label in Self.labels where item.labels[label] != nil { item[path: "metadata", "labels", label] = nil }
        if item[path: "metadata", "labels"]?.object?.isEmpty == true { item[path: "metadata", "labels"] = nil }
        let needed = VirtualMachineGraph.items(of: original).filter(context.backupContains)
        return .restore(item, additionalItems: needed)
    }
}
