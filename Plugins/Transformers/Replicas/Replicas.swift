public import GodwitModel
public import GodwitPluginAPI

/// Scales workloads while they are restored, and puts their replicas back later.
///
/// With a number, workloads are restored with that many replicas, and what stood there is kept in the annotation
/// `godwit.io/original-replicas`. What a controller owns (the ReplicaSets of a Deployment, the ReplicationControllers of
/// a DeploymentConfig) gets no more than it had: the old revisions of a rollout stay at zero.
///
/// With ``Mode/restoreOriginal`` the number that was kept is put back, also one that MTC kept when it quiesced an
/// application, or that OADP's plugin kept of a DeploymentConfig.
///
/// A HorizontalPodAutoscaler leaves a workload with zero replicas alone; above zero it scales by its own rules.
public struct Replicas: RestoreItemAction {
    /// The annotation that keeps the number that was replaced.
    public static let originalReplicasAnnotation = "godwit.io/original-replicas"

    /// What is done to the replicas.
    public enum Mode: Sendable, Hashable {
        /// They become this many; 0 or more.
        case set(Int32)
        /// The kept number is put back and the annotations removed; without one nothing changes.
        case restoreOriginal
    }

    /// `godwit.io/replicas`
    public let name = "godwit.io/replicas"
    /// The kinds that run a number of equal pods.
    public let appliesTo = ResourceSelector(includedResources: [
        "deployments.apps", "replicasets.apps", "statefulsets.apps", "deployments.extensions",
        "replicasets.extensions", "replicationcontrollers", "deploymentconfigs.apps.openshift.io",
    ])
    /// What is done.
    public let mode: Mode

    /// Where numbers are kept, the first one first: Godwit's, OADP's and MTC's annotation.
    private static let annotations = [
        originalReplicasAnnotation, "oadp.openshift.io/original-replicas", "migration.openshift.io/preQuiesceReplicas",
    ]

    /// Scales workloads.
    public init(_ mode: Mode) { self.mode = mode }

    /// Changes the number of replicas.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard item["spec"]?.object != nil else { return .restore(item) }
        switch mode {
        case .set(let count):
            let isOwned = original.owners.contains(where: \.isController)
            return .restore(Self.setting(Int64(count), isOwned: isOwned, on: item))
        case .restoreOriginal: return Self.restoringOriginal(of: item, original)
        }
    }

    private static func setting(_ count: Int64, isOwned: Bool, on item: KubernetesObject) -> KubernetesObject {
        // The server's default is one.
        let current = item[path: "spec", "replicas"]?.integer ?? 1
        let new = isOwned ? min(count, current) : count
        guard current != new else { return item }
        var item = item
        item[path: "spec", "replicas"] = .integer(new)
        // Of several restores in a row the first one knew the original.
        if item.annotations[originalReplicasAnnotation] == nil {
            item[path: "metadata", "annotations", originalReplicasAnnotation] = .string("\(current)")
        }
        return item
    }

    private static func restoringOriginal(
        of item: KubernetesObject, _ original: KubernetesObject
    ) -> RestoreItemOutcome {
        let kept = original.annotations
        guard let annotation = annotations.first(where: { kept[$0] != nil }) else { return .restore(item) }
        guard let text = kept[annotation], let count = Int32(text), count >= 0 else {
            return .restore(
                item,
                warnings: [
                    "the annotation \(annotation) holds '\(kept[annotation] ?? "")', which is no number of replicas"
                ])
        }
        var item = item
        item[path: "spec", "replicas"] = .integer(Int64(count))
        for annotation in annotations { item[path: "metadata", "annotations", annotation] = nil }
        if item[path: "metadata", "annotations"]?.object?.isEmpty == true {
            item[path: "metadata", "annotations"] = nil
        }
        return .restore(item)
    }
}
