public import GodwitModel
public import GodwitPluginAPI

/// Leaves out items that a built-in controller, restored as well, makes again at once from its own spec.
///
/// These are pods of workload controllers, endpoint slices of services, and claims of pods (generic ephemeral volumes).
/// Velero restores such items without owner and leaves it to the controllers to adopt them, which goes wrong for pods
/// of jobs (they run twice), pods of daemon sets (their node is gone) and ephemeral claims (the pod refuses them).
///
/// Everything else with an owner is restored: replica sets and controller revisions are a rollout's history, and what an
/// operator owns, such as claims and passwords, may be all there is.
///
/// Velero needs the pods whose volumes it fills, because it does so inside of them; here volumes are filled before there
/// are pods. A pod of a rollout of a DeploymentConfig would even stay beside those of the new rollout, on the same volume.
public struct ControlledItemAction: RestoreItemAction {
    /// `godwit.io/controlled`
    public let name = "godwit.io/controlled"
    /// Pods, endpoint slices and claims.
    public let appliesTo = ResourceSelector(
        includedResources: ["pods", "endpointslices.discovery.k8s.io", "persistentvolumeclaims"])

    private static let controllers: [String: [String: GroupResource]] = [
        "Pod": [
            "ReplicaSet": GroupResource(group: "apps", resource: "replicasets"),
            "StatefulSet": GroupResource(group: "apps", resource: "statefulsets"),
            "DaemonSet": GroupResource(group: "apps", resource: "daemonsets"),
            "Job": .jobs,
            "ReplicationController": GroupResource(resource: "replicationcontrollers"),
        ],
        // The slices of a Service with a selector, and the mirrors of Endpoints that somebody wrote by hand.
        "EndpointSlice": ["Service": .services, "Endpoints": GroupResource(resource: "endpoints")],
        "PersistentVolumeClaim": ["Pod": .pods],
    ]

    /// The action.
    public init() {}

    /// Skips the item if its controller is restored and makes it again.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard let owner = original.owners.first(where: \.isController),
            let resource = Self.controllers[original.kind]?[owner.kind],
            GroupVersion(apiVersion: owner.apiVersion).group == resource.group
        else { return .restore(item) }
        let identity = ItemIdentity(resource: resource, namespace: original.namespace, name: owner.name)
        guard context.willRestore(identity) else { return .restore(item) }
        return .skip(reason: "its controller \(owner.kind) '\(owner.name)' is restored and makes it again")
    }
}
