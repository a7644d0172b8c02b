public import GodwitModel
public import GodwitPluginAPI

/// Scales workloads while they are restored, and puts their replicas back later.
///
/// With a number, workloads are restored with that many replicas. What stood there is kept in the annotation
/// `godwit.io/original-replicas`, and the number in `godwit.io/set-replicas`. What a controller owns (the ReplicaSets of a
/// Deployment, the ReplicationControllers of a DeploymentConfig) gets no more than it had: the old revisions of a rollout
/// stay at zero.
///
/// With ``Mode/restoreOriginal`` what was kept is put back, also what MTC kept when it quiesced an application (of Jobs and
/// DaemonSets too), or OADP's plugin of a DeploymentConfig. A workload that was scaled since stays as it is, with a
/// warning. So do ReplicaSets and ReplicationControllers that have an owner, without one: it scales them itself, and may
/// have rolled out another revision since.
///
/// A HorizontalPodAutoscaler leaves a workload with zero replicas alone; above zero it scales by its own rules.
public struct Replicas: RestoreItemAction {
    /// The annotation that keeps the number that was replaced.
    public static let originalReplicasAnnotation = "godwit.io/original-replicas"
    /// The annotation that keeps the number that was set: while it stands there, nobody has scaled the workload since.
    public static let setReplicasAnnotation = "godwit.io/set-replicas"
    /// What a workload has that names no number.
    static let serversDefault: Int64 = 1

    /// What is done to the replicas.
    public enum Mode: Sendable, Hashable {
        /// They become this many; 0 or more.
        case set(Int32)
        /// The kept number is put back where nobody has scaled the workload since, and the annotations are removed;
        /// without one nothing changes.
        case restoreOriginal
    }

    /// `godwit.io/replicas`
    public let name = "godwit.io/replicas"
    /// The kinds that run a number of equal pods or virtual machines; to put back what was kept, Jobs and DaemonSets too.
    public let appliesTo: ResourceSelector
    /// What is done.
    public let mode: Mode

    private static let scaled = [
        "deployments.apps", "replicasets.apps", "statefulsets.apps", "deployments.extensions",
        "replicasets.extensions", "replicationcontrollers", "deploymentconfigs.apps.openshift.io",
        "virtualmachineinstancereplicasets.kubevirt.io", "virtualmachinepools.pool.kubevirt.io",
    ]
    private static let quiesced = ["jobs.batch", "daemonsets.apps"]

    /// Scales workloads.
    public init(_ mode: Mode) {
        self.mode = mode
        appliesTo = ResourceSelector(
            includedResources: mode == .restoreOriginal ? Self.scaled + Self.quiesced : Self.scaled)
    }

    /// Changes the number of replicas.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard item["spec"]?.object != nil else { return .restore(item) }
        switch mode {
        case .set(let count):
            let isOwned = original.owners.contains(where: \.isController)
            return .restore(Self.setting(Int64(count), isOwned: isOwned, on: item, original))
        case .restoreOriginal:
            var scale = KeptScale(item, original)
            scale.putBack()
            return .restore(scale.item, warnings: scale.warnings)
        }
    }

    private static func setting(
        _ count: Int64, isOwned: Bool, on item: KubernetesObject, _ original: KubernetesObject
    ) -> KubernetesObject {
        let current = item[path: "spec", "replicas"]?.integer ?? serversDefault
        let new = isOwned ? min(count, current) : count
        guard current != new else { return item }
        var item = item
        item[path: "spec", "replicas"] = .integer(new)
        // Of several restores in a row the first one knew the original, unless somebody has scaled it in between.
        let kept = KeptCount(original.annotations).flatMap { $0.isStale(current) ? nil : $0.count }
        item[path: "metadata", "annotations", originalReplicasAnnotation] = .string("\(kept ?? current)")
        item[path: "metadata", "annotations", setReplicasAnnotation] = .string("\(new)")
        return item
    }

    /// Whether it is one of several revisions that its owner scales.
    static func isRevision(_ object: KubernetesObject) -> Bool {
        ["ReplicaSet", "ReplicationController"].contains(object.kind) && object.owners.contains(where: \.isController)
    }
}
