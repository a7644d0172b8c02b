public import GodwitModel
public import GodwitPluginAPI

/// Leaves out mirror pods: the kubelet makes them from files on its node.
public struct MirrorPodAction: RestoreItemAction {
    /// `godwit.io/mirror-pod`
    public let name = "godwit.io/mirror-pod"
    /// Pods.
    public let appliesTo = ResourceSelector(includedResources: ["pods"])

    /// The action.
    public init() {}

    /// Skips the pod if it is a mirror.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        let isMirror = original.annotations["kubernetes.io/config.mirror"].map { !$0.isEmpty } ?? false
        return isMirror ? .skip(reason: "it is a mirror pod, made by a kubelet from a file") : .restore(item)
    }
}
