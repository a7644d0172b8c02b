public import GodwitModel
public import GodwitPluginAPI

/// Leaves out Secrets that OpenShift makes again: the pull secrets of service accounts, whose token the new cluster would
/// not know, and the certificates that the service CA signs for a Service.
public struct GeneratedSecretAction: RestoreItemAction {
    /// Since 4.16, and before.
    private static let accounts = [
        "openshift.io/internal-registry-auth-token.service-account", "kubernetes.io/service-account.name",
    ]
    /// OpenShift 4, and 3.
    private static let services = [
        "service.beta.openshift.io/originating-service-name", "service.alpha.openshift.io/originating-service-name",
    ]

    /// `godwit.io/openshift-generated-secret`
    public let name = "godwit.io/openshift-generated-secret"
    /// Secrets.
    public let appliesTo = ResourceSelector(includedResources: ["secrets"])

    /// The action.
    public init() {}

    /// Skips the item if it bears the mark of one.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        let annotations = original.annotations
        if let service = Self.services.lazy.compactMap({ annotations[$0] }).first {
            return .skip(reason: "the cluster signs a new certificate for service '\(service)'")
        }
        guard original["type"]?.string == "kubernetes.io/dockercfg",
            GeneratedSecretName.isGenerated(original.name),
            let account = Self.accounts.lazy.compactMap({ annotations[$0] }).first
        else { return .restore(item) }
        return .skip(reason: "it is the generated pull secret of service account '\(account)'")
    }
}
