public import GodwitModel
public import GodwitPluginAPI

/// Leaves out the pods in which virtual machines run, and those that hold their hot-plugged disks: KubeVirt makes them.
public struct LauncherPodAction: RestoreItemAction {
    private static let label = "kubevirt.io"
    private static let roles: Set<String> = ["virt-launcher", "hotplug-disk"]

    /// `godwit.io/virt-launcher`
    public let name = "godwit.io/virt-launcher"
    /// Pods with KubeVirt's label.
    public let appliesTo = ResourceSelector(
        includedResources: ["pods"], labelSelector: LabelSelector([.exists(key: label)]))

    /// The action.
    public init() {}

    /// Skips the item if it is one of them.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard let role = original.labels[Self.label], Self.roles.contains(role) else { return .restore(item) }
        return .skip(reason: "KubeVirt makes it for its virtual machine")
    }
}
