public import GodwitModel
public import GodwitPluginAPI

/// Lets the new cluster import an ImageStream's tags, and tells of the images that it cannot import.
///
/// The mark of the last import is removed, because a stream that bears it is not looked at again. Images that were built in
/// the old cluster or pushed to its registry are in no backup of objects: their tags come back when they are built or
/// pushed anew.
public struct ImageStreamAction: RestoreItemAction {
    private static let imported = "openshift.io/image.dockerRepositoryCheck"

    /// `godwit.io/openshift-image-stream`
    public let name = "godwit.io/openshift-image-stream"
    /// ImageStreams.
    public let appliesTo = ResourceSelector(includedResources: ["imagestreams.image.openshift.io"])

    /// The action.
    public init() {}

    /// Removes the mark, and names the tags whose images are not there.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        if item.annotations[Self.imported] != nil {
            item[path: "metadata", "annotations", Self.imported] = nil
            if item.annotations.isEmpty { item[path: "metadata", "annotations"] = nil }
        }
        let pushed = Self.pushedTags(of: original)
        guard !pushed.isEmpty else { return .restore(item) }
        return .restore(
            item,
            warnings: [
                "images are not part of a backup: build or push \(pushed.joined(separator: ", ")) anew, or copy "
                    + "what the old cluster's registry has"
            ])
    }

    /// Tags whose newest image is in the cluster's own registry.
    private static func pushedTags(of stream: KubernetesObject) -> [String] {
        // An image that is imported and served from the local registry is still known by where it came from.
        (stream[path: "status", "tags"]?.array ?? []).compactMap { tag in
            guard let name = tag["tag"]?.string,
                let image = tag["items"]?.array?.first?["dockerImageReference"]?.string, InternalRegistry.holds(image)
            else { return nil }
            return name
        }
    }
}
