public import GodwitModel
public import GodwitPluginAPI

/// Leaves service-account tokens to the new cluster.
///
/// A generated token Secret is left out if its ServiceAccount is there or is restored: a cluster before 1.24 makes
/// another, later ones need none. A token Secret that a person made is restored without token, CA certificate and account
/// uid, which the cluster's token controller fills in anew; also without `namespace` when that changes.
public struct SecretAction: RestoreItemAction {
    /// `godwit.io/secret`
    public let name = "godwit.io/secret"
    /// Secrets.
    public let appliesTo = ResourceSelector(includedResources: ["secrets"])

    /// The action.
    public init() {}

    /// Skips or cleans a token Secret; others stay.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard item["type"]?.string == "kubernetes.io/service-account-token" else { return .restore(item) }
        let target = original.namespace.flatMap { context.restore.spec.namespaceMapping[$0] }
        if let account = original.annotations["kubernetes.io/service-account.name"],
            TokenSecretName.isGenerated(original.name, for: account),
            try await hasAccount(account, original.namespace, target ?? original.namespace, context)
        {
            return .skip(reason: "it is the generated token of service account '\(account)'")
        }
        var item = item
        item.removeAnnotations(["kubernetes.io/service-account.uid"])
        item[path: "data", "token"] = nil
        item[path: "data", "ca.crt"] = nil
        if target != nil { item[path: "data", "namespace"] = nil }
        return .restore(item)
    }

    private func hasAccount(
        _ name: String, _ namespace: String?, _ target: String?, _ context: any RestoreContext
    ) async throws -> Bool {
        if context.willRestore(ItemIdentity(resource: .serviceAccounts, namespace: namespace, name: name)) {
            return true
        }
        return try await context.existing(
            ItemIdentity(resource: .serviceAccounts, namespace: target, name: name)) != nil
    }
}
