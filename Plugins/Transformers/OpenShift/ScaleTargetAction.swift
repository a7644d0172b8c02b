public import GodwitModel
public import GodwitPluginAPI

/// Corrects the group of a DeploymentConfig that a HorizontalPodAutoscaler scales: OpenShift 3 wrote it without one.
public struct ScaleTargetAction: RestoreItemAction {
    /// `godwit.io/openshift-scale-target`
    public let name = "godwit.io/openshift-scale-target"
    /// HorizontalPodAutoscalers.
    public let appliesTo = ResourceSelector(includedResources: ["horizontalpodautoscalers.autoscaling"])

    /// The action.
    public init() {}

    /// Corrects the reference.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard item[path: "spec", "scaleTargetRef", "kind"]?.string == "DeploymentConfig",
            item[path: "spec", "scaleTargetRef", "apiVersion"]?.string == "v1"
        else { return .restore(item) }
        var item = item
        item[path: "spec", "scaleTargetRef", "apiVersion"] = "apps.openshift.io/v1"
        return .restore(item)
    }
}
