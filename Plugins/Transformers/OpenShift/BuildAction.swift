public import GodwitModel
public import GodwitPluginAPI

/// Leaves out Builds: they are runs of a BuildConfig, and would run again.
public struct BuildAction: RestoreItemAction {
    /// `godwit.io/openshift-build`
    public let name = "godwit.io/openshift-build"
    /// Builds.
    public let appliesTo = ResourceSelector(includedResources: ["builds.build.openshift.io"])

    /// The action.
    public init() {}

    /// Skips the item.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        .skip(reason: "it is a run of a build; its BuildConfig starts new ones")
    }
}

/// Leaves out the pods in which builds and the rollouts of DeploymentConfigs run.
public struct BuildPodAction: RestoreItemAction {
    /// `godwit.io/openshift-build-pod`
    public let name = "godwit.io/openshift-build-pod"
    /// Pods.
    public let appliesTo = ResourceSelector(includedResources: ["pods"])

    /// The action.
    public init() {}

    /// Skips the item if it bears the mark of such a pod.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        if let build = original.annotations["openshift.io/build.name"], !build.isEmpty {
            return .skip(reason: "it is the pod of build '\(build)'")
        }
        if let deployment = original.labels["openshift.io/deployer-pod-for.name"], !deployment.isEmpty {
            return .skip(reason: "it is the pod that rolled out '\(deployment)'")
        }
        return .restore(item)
    }
}

/// Leaves out the ConfigMaps that the build controller makes for the pod of a build.
public struct BuildConfigMapAction: RestoreItemAction {
    private static let suffixes = ["-ca", "-sys-config"]

    /// `godwit.io/openshift-build-config-map`
    public let name = "godwit.io/openshift-build-config-map"
    /// ConfigMaps.
    public let appliesTo = ResourceSelector(includedResources: ["configmaps"])

    /// The action.
    public init() {}

    /// Skips the item if a build's pod owns it.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard Self.suffixes.contains(where: original.name.hasSuffix),
            let pod = original.owners.first(where: { $0.kind == "Pod" && $0.name.hasSuffix("-build") })
        else { return .restore(item) }
        return .skip(reason: "it was made for '\(pod.name)', the pod of a build")
    }
}
