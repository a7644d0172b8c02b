public import GodwitModel
public import GodwitPluginAPI

/// Removes a Route's host that the old cluster generated, so that the new one gives it one of its own domain.
///
/// A host that its user chose stays. A Route that exists keeps the host it has.
public struct RouteAction: RestoreItemAction {
    /// `godwit.io/openshift-route`
    public let name = "godwit.io/openshift-route"
    /// Routes.
    public let appliesTo = ResourceSelector(includedResources: ["routes.route.openshift.io"])

    /// The action.
    public init() {}

    /// Removes the host.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard original.annotations["openshift.io/host.generated"] == "true", item["spec"]?.object != nil else {
            return .restore(item)
        }
        var item = item
        item[path: "spec", "host"] = nil
        return .restore(item)
    }
}
