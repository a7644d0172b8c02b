import FieldPaths
public import GodwitModel
public import GodwitPluginAPI

/// Replaces parts of image names as Velero's change-image-name does: the first rule whose old part stands anywhere in a
/// name replaces it everywhere in that name.
///
/// `--image-registry-mappings` maps whole registries and repositories instead, and cannot hit a part by accident.
public struct ImageNameReplacement: RestoreItemAction {
    /// `godwit.io/image-name-replacement`
    public let name = "godwit.io/image-name-replacement"
    /// The workload kinds.
    public let appliesTo = ResourceSelector(includedResources: PodSpecs.resources)
    /// What becomes of names; the first that fits counts.
    public let rules: [ImageNameRule]

    private static let images: [FieldPath] = ["containers[*].image", "initContainers[*].image"]

    /// Replaces parts of names by rules.
    public init(rules: [ImageNameRule]) { self.rules = rules }

    /// Changes the images of the object's pod spec.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard let podSpec = PodSpecs.path(in: GroupKind(of: item)) else { return .restore(item) }
        var item = item
        for path in Self.images.map(podSpec.appending) {
            path.update(&item) { value in
                guard let image = value.string, let rule = rules.first(where: { image.contains($0.old) }) else {
                    return
                }
                value = .string(image.replacing(rule.old, with: rule.new))
            }
        }
        return .restore(item)
    }
}
