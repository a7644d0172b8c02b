import FieldPaths
public import GodwitModel
public import GodwitPluginAPI

/// Moves the images that OpenShift's own kinds name outside of pod specs: the tags that an ImageStream imports, what the
/// triggers of a DeploymentConfig or BuildConfig last saw, and what a build begins with and where its image goes.
///
/// A reference is only changed where its kind is `DockerImage`: the others name image streams.
public struct ImageStreamRegistry: RestoreItemAction {
    /// `godwit.io/image-stream-registry`
    public let name = "godwit.io/image-stream-registry"
    /// ImageStreams, ImageStreamTags, DeploymentConfigs and BuildConfigs.
    public let appliesTo = ResourceSelector(includedResources: [
        "imagestreams.image.openshift.io", "imagestreamtags.image.openshift.io",
        "deploymentconfigs.apps.openshift.io", "buildconfigs.build.openshift.io",
    ])
    /// What becomes of an image.
    public let rules: ImageRegistryRules

    /// Values that are images.
    private static let images: [GroupKind: [FieldPath]] = [
        GroupKind("image.openshift.io", "ImageStream"): ["spec.dockerImageRepository"],
        GroupKind("apps.openshift.io", "DeploymentConfig"): ["spec.triggers[*].imageChangeParams.lastTriggeredImage"],
        GroupKind("build.openshift.io", "BuildConfig"): ["spec.triggers[*].imageChange.lastTriggeredImageID"],
    ]

    /// References that name an image if their kind says so.
    private static let references: [GroupKind: [FieldPath]] = [
        GroupKind("image.openshift.io", "ImageStream"): ["spec.tags[*].from"],
        GroupKind("image.openshift.io", "ImageStreamTag"): ["tag.from"],
        GroupKind("apps.openshift.io", "DeploymentConfig"): ["spec.triggers[*].imageChangeParams.from"],
        GroupKind("build.openshift.io", "BuildConfig"): [
            "spec.output.to", "spec.strategy[*].from", "spec.source.images[*].from",
            "spec.triggers[*].imageChange.from",
        ],
    ]

    /// Moves images by rules.
    public init(rules: ImageRegistryRules) { self.rules = rules }

    /// Changes the images of the object.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        let kind = GroupKind(of: item)
        for path in Self.images[kind] ?? [] { path.update(&item, rules.map) }
        for path in Self.references[kind] ?? [] {
            path.update(&item) { reference in
                guard reference["kind"]?.string == "DockerImage", var image = reference["name"] else { return }
                rules.map(&image)
                reference["name"] = image
            }
        }
        return .restore(item)
    }
}
