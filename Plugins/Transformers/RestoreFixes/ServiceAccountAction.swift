public import GodwitModel
public import GodwitPluginAPI

/// Removes a ServiceAccount's references to generated token Secrets: the new cluster makes its own.
public struct ServiceAccountAction: RestoreItemAction {
    /// `godwit.io/service-account`
    public let name = "godwit.io/service-account"
    /// ServiceAccounts.
    public let appliesTo = ResourceSelector(includedResources: ["serviceaccounts"])

    /// The action.
    public init() {}

    /// Removes the references.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        item.value.removeElements(of: "secrets") {
            TokenSecretName.isGenerated($0["name"]?.string ?? "", for: original.name)
        }
        return .restore(item)
    }
}
