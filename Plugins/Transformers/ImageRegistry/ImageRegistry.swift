import FieldPaths
public import GodwitModel
public import GodwitPluginAPI

/// Moves images to another registry in everything that runs pods.
///
/// All containers of pods and of the pod templates of the workload kinds are changed, ephemeral ones included, and the
/// images that pods mount as volumes or virtual machines boot from. A pod's status stays: it says what ran.
public struct ImageRegistry: RestoreItemAction {
    /// `godwit.io/image-registry`
    public let name = "godwit.io/image-registry"
    /// The workload kinds.
    public let appliesTo = ResourceSelector(includedResources: PodSpecs.resources)
    /// What becomes of an image.
    public let rules: ImageRegistryRules

    private static let images: [FieldPath] = [
        "containers[*].image", "initContainers[*].image", "ephemeralContainers[*].image", "volumes[*].image.reference",
        "volumes[*].containerDisk.image",
    ]

    /// Moves images by rules.
    public init(rules: ImageRegistryRules) { self.rules = rules }

    /// The actions for the workload kinds, for OpenShift's image streams and what follows them, and for custom paths, in
    /// the order in which they run.
    public static func actions(
        rules: ImageRegistryRules, customPaths: [CustomImagePath] = []
    ) -> [any RestoreItemAction] {
        [ImageRegistry(rules: rules), ImageStreamRegistry(rules: rules)]
            + customPaths.map { CustomImageRegistry(path: $0, rules: rules) }
    }

    /// Changes the images of the object's pod spec.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard let podSpec = PodSpecs.path(in: GroupKind(of: item)) else { return .restore(item) }
        var item = item
        podSpec.update(&item) { spec in
            for path in Self.images { path.update(&spec, rules.map) }
        }
        return .restore(item)
    }
}

extension ImageRegistryRules {
    /// Maps an image in place; anything but a string stays.
    func map(_ value: inout JSONValue) {
        if let image = value.string { value = .string(mapped(image)) }
    }
}
