public import GodwitModel
public import GodwitPluginAPI

/// Leaves out TemplateInstances: they are requests to make the objects of a template, and would make them again.
public struct TemplateInstanceAction: RestoreItemAction {
    /// `godwit.io/openshift-template-instance`
    public let name = "godwit.io/openshift-template-instance"
    /// TemplateInstances.
    public let appliesTo = ResourceSelector(includedResources: ["templateinstances.template.openshift.io"])

    /// The action.
    public init() {}

    /// Skips the item.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        .skip(reason: "its template would be instantiated again; the objects that it made are restored by themselves")
    }
}
