public import GodwitModel
public import GodwitPluginAPI

/// Leaves out the ConfigMaps in which a cluster publishes its own certificate authorities to every namespace.
///
/// Those of the old cluster would not verify the new one. Velero restores them and warns that they differ; with an
/// existing-resource policy of update it overwrites the new cluster's.
public struct PublishedCertificateAction: RestoreItemAction {
    /// Published by the controller manager, and by OpenShift's service CA.
    private static let names: Set<String> = ["kube-root-ca.crt", "openshift-service-ca.crt"]

    /// `godwit.io/published-certificate`
    public let name = "godwit.io/published-certificate"
    /// ConfigMaps.
    public let appliesTo = ResourceSelector(includedResources: ["configmaps"])

    /// The action.
    public init() {}

    /// Skips the item if it is one of them.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard Self.names.contains(original.name) else { return .restore(item) }
        return .skip(reason: "every cluster publishes its own")
    }
}
