import GodwitModel

/// A number of replicas that was kept when a workload was scaled down.
///
/// It counts only while the workload stands as it was left: whoever has scaled it since knows better.
///
/// Sources: what MTC's controller writes when it quiesces an application, and OADP's plugin for OpenShift when it restores
/// a DeploymentConfig. Both scale to zero, and MTC puts the number back only where it finds zero.
struct KeptCount {
    /// Where the number stands.
    let annotation: String
    /// The number, as it stands there.
    let text: String
    /// To what the workload was scaled; nil where nobody wrote it down.
    private let left: Int64?

    /// Where numbers are kept, the first one first: Godwit's, OADP's and MTC's annotation.
    private static let places = [
        Replicas.originalReplicasAnnotation, "oadp.openshift.io/original-replicas",
        "migration.openshift.io/preQuiesceReplicas",
    ]
    /// All annotations that have to do with it.
    static let annotations = places + [Replicas.setReplicasAnnotation]

    /// What was kept of a workload with these annotations; nil when nothing was.
    init?(_ annotations: [String: String]) {
        guard let annotation = Self.places.first(where: { annotations[$0] != nil }) else { return nil }
        self.annotation = annotation
        text = annotations[annotation] ?? ""
        left =
            annotation == Replicas.originalReplicasAnnotation
            ? annotations[Replicas.setReplicasAnnotation].flatMap(Int64.init) : 0
    }

    /// The number; nil when there is none.
    var count: Int64? { Int32(text).flatMap { $0 >= 0 ? Int64($0) : nil } }

    /// Whether the workload has been scaled since.
    ///
    /// - Parameter current: what it has now.
    func isStale(_ current: Int64) -> Bool { left.map { $0 != current } ?? false }
}
