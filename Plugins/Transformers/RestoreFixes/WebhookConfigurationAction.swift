public import GodwitModel
public import GodwitPluginAPI

/// Makes webhook configurations that were created through v1beta1 acceptable to v1, which takes no `sideEffects` but
/// `None` and `NoneOnDryRun`.
public struct WebhookConfigurationAction: RestoreItemAction {
    /// `godwit.io/webhook-configuration`
    public let name = "godwit.io/webhook-configuration"
    /// Both kinds of admission webhooks.
    public let appliesTo = ResourceSelector(includedResources: [
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
    ])

    /// The action.
    public init() {}

    /// Sets `sideEffects` to `None` where v1 would refuse it.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard item.apiVersion == "admissionregistration.k8s.io/v1", let webhooks = item["webhooks"]?.array else {
            return .restore(item)
        }
        var item = item
        item["webhooks"] = .array(
            webhooks.map { webhook in
                guard !["None", "NoneOnDryRun"].contains(webhook["sideEffects"]?.string) else { return webhook }
                var webhook = webhook
                webhook["sideEffects"] = "None"
                return webhook
            })
        return .restore(item)
    }
}
