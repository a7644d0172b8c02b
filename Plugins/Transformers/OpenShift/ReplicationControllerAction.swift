public import GodwitModel
public import GodwitPluginAPI

/// Leaves out the ReplicationControllers of a DeploymentConfig that is restored: it makes one of its own, and would take
/// the old ones for rollouts that it has not made.
public struct ReplicationControllerAction: RestoreItemAction {
    private static let deploymentConfigs = GroupResource(group: "apps.openshift.io", resource: "deploymentconfigs")

    /// `godwit.io/openshift-replication-controller`
    public let name = "godwit.io/openshift-replication-controller"
    /// ReplicationControllers.
    public let appliesTo = ResourceSelector(includedResources: ["replicationcontrollers"])

    /// The action.
    public init() {}

    /// Skips the item if its DeploymentConfig is restored.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard let owner = original.owners.first(where: { $0.kind == "DeploymentConfig" }) else { return .restore(item) }
        let identity = ItemIdentity(
            resource: Self.deploymentConfigs, namespace: original.namespace, name: owner.name)
        guard context.willRestore(identity), context.serves(Self.deploymentConfigs, version: "v1") else {
            return .restore(item)
        }
        return .skip(reason: "its DeploymentConfig '\(owner.name)' is restored and makes one of its own")
    }
}
