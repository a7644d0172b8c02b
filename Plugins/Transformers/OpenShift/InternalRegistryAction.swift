import FieldPaths
public import GodwitModel
public import GodwitPluginAPI

/// Moves images of the cluster's own registry with their namespace, which is part of their name there.
///
/// The registry's host stays: `--image-registry-mappings` moves images to another one. Its rules name images as the backup
/// has them, so this comes after them.
public struct InternalRegistryAction: RestoreItemAction {
    /// `godwit.io/openshift-internal-registry`
    public let name = "godwit.io/openshift-internal-registry"
    /// The workload kinds and BuildConfigs.
    public let appliesTo = ResourceSelector(
        includedResources: PodSpecs.resources + ["buildconfigs.build.openshift.io"])

    private static let inPodSpec: [FieldPath] = ["containers[*].image", "initContainers[*].image"]
    private static let elsewhere: [GroupKind: [FieldPath]] = [
        GroupKind("apps.openshift.io", "DeploymentConfig"): ["spec.triggers[*].imageChangeParams.lastTriggeredImage"],
        GroupKind("build.openshift.io", "BuildConfig"): [
            "spec.triggers[*].imageChange.lastTriggeredImageID", "spec.output.to.name", "spec.strategy[*].from.name",
            "spec.source.images[*].from.name",
        ],
    ]

    /// The action.
    public init() {}

    /// Changes the images of the object.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        let mapping = context.restore.spec.namespaceMapping
        guard !mapping.isEmpty else { return .restore(item) }
        let kind = GroupKind(of: item)
        var paths = Self.elsewhere[kind] ?? []
        if let podSpec = PodSpecs.path(in: kind) { paths += Self.inPodSpec.map(podSpec.appending) }
        var item = item
        for path in paths {
            path.update(&item) { image in
                if let new = image.string.flatMap({ InternalRegistry.mapped($0, mapping) }) { image = .string(new) }
            }
        }
        return .restore(item)
    }
}
