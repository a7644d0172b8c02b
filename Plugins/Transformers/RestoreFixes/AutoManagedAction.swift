public import GodwitModel
public import GodwitPluginAPI

/// Leaves out APIServices and CRDs that the API server itself registers and keeps.
public struct AutoManagedAction: RestoreItemAction {
    private static let label = "kube-aggregator.kubernetes.io/automanaged"

    /// `godwit.io/auto-managed`
    public let name = "godwit.io/auto-managed"
    /// Those with the API server's label.
    public let appliesTo = ResourceSelector(
        includedResources: [
            "apiservices.apiregistration.k8s.io", "customresourcedefinitions.apiextensions.k8s.io",
        ],
        labelSelector: LabelSelector([.exists(key: label)]))

    /// The action.
    public init() {}

    /// Skips the item.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard original.labels[Self.label] != nil else { return .restore(item) }
        return .skip(reason: "the API server manages it itself")
    }
}
