import FieldPaths
public import GodwitModel
public import GodwitPluginAPI

/// Moves images to another registry in everything that runs pods.
///
/// All containers of pods and of the pod templates of the workload kinds are changed, ephemeral ones included, and the
/// images that pods mount as volumes or virtual machines boot from, and those that DataVolumes are filled from. A pod's
/// status stays: it says what ran.
public struct ImageRegistry: RestoreItemAction {
    /// `godwit.io/image-registry`
    public let name = "godwit.io/image-registry"
    /// The workload kinds, and those with DataVolumes.
    public let appliesTo = ResourceSelector(
        includedResources: Set(PodSpecs.resources + DataVolumeSpecs.resources).sorted())
    /// What becomes of an image.
    public let rules: ImageRegistryRules

    private static let images: [FieldPath] = [
        "containers[*].image", "initContainers[*].image", "ephemeralContainers[*].image", "volumes[*].image.reference",
        "volumes[*].containerDisk.image", "domain.firmware.kernelBoot.container.image",
    ]
    private static let source: FieldPath = "source.registry.url"
    /// The scheme of the URL of an image in a registry, the only one of CDI's that names one.
    private static let scheme = "docker://"

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

    /// Changes the images of the object's pod spec and of its DataVolumes.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        let kind = GroupKind(of: item)
        PodSpecs.path(in: kind)?.update(&item) { spec in
            for path in Self.images { path.update(&spec, rules.map) }
        }
        DataVolumeSpecs.path(in: kind)?.appending(Self.source).update(&item) { url in
            guard let text = url.string, text.hasPrefix(Self.scheme) else { return }
            url = .string(Self.scheme + rules.mapped(String(text.dropFirst(Self.scheme.count))))
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
