public import GodwitModel
public import GodwitPluginAPI

/// Leaves out the RoleBindings of OpenShift's own API that every project gets.
public struct SystemRoleBindingAction: RestoreItemAction {
    private static let names: Set<String> = ["system:image-pullers", "system:image-builders", "system:deployers"]

    /// `godwit.io/openshift-system-role-binding`
    public let name = "godwit.io/openshift-system-role-binding"
    /// OpenShift's RoleBindings; they are another view of those of Kubernetes.
    public let appliesTo = ResourceSelector(includedResources: ["rolebindings.authorization.openshift.io"])

    /// The action.
    public init() {}

    /// Skips the item if it is one of them.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard Self.names.contains(original.name) else { return .restore(item) }
        return .skip(reason: "every project gets its own")
    }
}
