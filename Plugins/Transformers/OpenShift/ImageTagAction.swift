public import GodwitModel
public import GodwitPluginAPI

/// Leaves out what is another view of an ImageStream: ImageTags always; ImageStreamTags where their stream is restored,
/// because its spec has the tags, and where they hold an image that was pushed to the old cluster's own registry.
public struct ImageTagAction: RestoreItemAction {
    /// `godwit.io/openshift-image-tag`
    public let name = "godwit.io/openshift-image-tag"
    /// ImageTags and ImageStreamTags.
    public let appliesTo = ResourceSelector(includedResources: [
        "imagetags.image.openshift.io", "imagestreamtags.image.openshift.io",
    ])

    /// The action.
    public init() {}

    /// Skips the item, unless it is a tag that stands for itself.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        if original.kind == "ImageTag" { return .skip(reason: "its image stream brings its tags") }
        guard original.kind == "ImageStreamTag" else { return .restore(item) }
        let stream = ItemIdentity(
            resource: GroupResource(group: "image.openshift.io", resource: "imagestreams"),
            namespace: original.namespace, name: String(original.name.prefix { $0 != ":" }))
        if context.willRestore(stream) {
            return .skip(reason: "image stream '\(stream.name)' is restored and brings its tags")
        }
        if let from = original[path: "tag", "from"], from["kind"]?.string != "ImageStreamImage" {
            return .restore(item)
        }
        let image = original[path: "image", "dockerImageReference"]?.string ?? ""
        guard InternalRegistry.holds(image) else { return .restore(item) }
        return .skip(reason: "its image is in the old cluster's own registry")
    }
}
