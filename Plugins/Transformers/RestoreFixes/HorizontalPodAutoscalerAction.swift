public import GodwitModel
public import GodwitPluginAPI

/// Removes the status that autoscaling/v1 keeps in annotations, because its own status has no room for it.
public struct HorizontalPodAutoscalerAction: RestoreItemAction {
    private static let annotations = [
        "autoscaling.alpha.kubernetes.io/conditions", "autoscaling.alpha.kubernetes.io/current-metrics",
    ]

    /// `godwit.io/horizontal-pod-autoscaler`
    public let name = "godwit.io/horizontal-pod-autoscaler"
    /// HorizontalPodAutoscalers.
    public let appliesTo = ResourceSelector(includedResources: ["horizontalpodautoscalers.autoscaling"])

    /// The action.
    public init() {}

    /// Removes the annotations.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        var annotations = item.annotations
        for annotation in Self.annotations { annotations[annotation] = nil }
        if annotations != item.annotations { item.annotations = annotations }
        return .restore(item)
    }
}
