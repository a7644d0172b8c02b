public import GodwitModel
public import GodwitPluginAPI

/// Leaves out the ConfigMap in which a cluster publishes its own certificate authority to every namespace.
///
/// That of the old cluster would not verify the new one. Velero restores it and warns that it differs; with an
/// existing-resource policy of update it overwrites the new cluster's.
public struct PublishedCertificateAction: RestoreItemAction {
    /// Published by the controller manager.
    private static let published = "kube-root-ca.crt"

    /// `godwit.io/published-certificate`
    public let name = "godwit.io/published-certificate"
    /// ConfigMaps.
    public let appliesTo = ResourceSelector(includedResources: ["configmaps"])

    /// The action.
    public init() {}

    /// Skips the item if it is that one.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard original.name == Self.published else { return .restore(item) }
        return .skip(reason: "every cluster publishes its own")
    }
}
