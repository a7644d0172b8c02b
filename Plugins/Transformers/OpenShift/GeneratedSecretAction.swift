public import GodwitModel
public import GodwitPluginAPI

/// Leaves out the pull secrets that OpenShift makes for service accounts: no other cluster knows their token.
public struct GeneratedSecretAction: RestoreItemAction {
    /// Since 4.16, and before.
    private static let accounts = [
        "openshift.io/internal-registry-auth-token.service-account", "kubernetes.io/service-account.name",
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
        guard original["type"]?.string == "kubernetes.io/dockercfg",
            GeneratedSecretName.isGenerated(original.name),
            let account = Self.accounts.lazy.compactMap({ annotations[$0] }).first
        else { return .restore(item) }
        return .skip(reason: "it is the generated pull secret of service account '\(account)'")
    }
}
