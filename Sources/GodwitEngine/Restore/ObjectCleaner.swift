import GodwitModel

/// Removes from an object what the cluster it came from gave it, so that another cluster can take it.
///
/// Of the metadata only name, namespace, labels, annotations and finalizers stay, and no status.
enum ObjectCleaner {
    /// The label that names the backup.
    static let backupLabel = "velero.io/backup-name"
    /// The label that names the restore.
    static let restoreLabel = "velero.io/restore-name"

    /// The object without what its cluster owns.
    static func cleaned(_ object: KubernetesObject) -> KubernetesObject {
        var object = object
        let metadata = object["metadata"]
        var kept: [String: JSONValue] = [:]
        for key in ["name", "namespace", "labels", "annotations"] { kept[key] = metadata?[key] }
        kept["finalizers"] = finalizers(of: object)
        object["metadata"] = .object(kept)
        object["status"] = nil
        return object
    }

    /// Finalizers that the control plane sets where it needs them, and removes: restored into a cluster that does not
    /// need them, nobody would remove them, and the object could never be deleted. All others, as in Velero, stay.
    private static func isOfControlPlane(_ finalizer: String) -> Bool {
        switch finalizer {
        // Protection of what is in use, and how far a deletion was.
        case "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection", "foregroundDeletion", "orphan",
            "customresourcecleanup.apiextensions.k8s.io":
            true
        // Bookkeeping of Jobs, cloud load balancers and volumes that were made for the old cluster.
        case "batch.kubernetes.io/job-tracking", "service.kubernetes.io/load-balancer-cleanup",
            "external-provisioner.volume.kubernetes.io/finalizer":
            true
        default: finalizer.hasPrefix("external-attacher/")
        }
    }

    /// The finalizers that are restored; nil for none. A Namespace gets none, as in Velero: a controller that does not
    /// run would keep all that is in it from ever going.
    private static func finalizers(of object: KubernetesObject) -> JSONValue? {
        guard object.kind != "Namespace" || object.apiVersion != "v1" else { return nil }
        let all = object[path: "metadata", "finalizers"]?.array ?? []
        let kept = all.filter { $0.string.map { !isOfControlPlane($0) } ?? false }
        return kept.isEmpty ? nil : .array(kept)
    }

    /// The labels that a restore adds.
    static func labels(of restore: Restore) -> [String: String] {
        [
            backupLabel: LabelValue.valid(restore.spec.backupName),
            restoreLabel: LabelValue.valid(restore.name),
        ]
    }

    /// The object without the labels and the annotation that a restore adds, without members that are null, which mean
    /// nothing, and without finalizers: those of an object that exists are between it and its cluster's controllers.
    static func comparable(_ object: KubernetesObject) -> JSONValue {
        var object = object
        object[path: "metadata", "labels", backupLabel] = nil
        object[path: "metadata", "labels", restoreLabel] = nil
        object[path: "metadata", "annotations", ClaimName.unfilledAnnotation] = nil
        object[path: "metadata", "finalizers"] = nil
        for key in ["labels", "annotations"] where object[path: "metadata", key]?.object?.isEmpty ?? false {
            object[path: "metadata", key] = nil
        }
        return withoutNulls(object.value)
    }

    private static func withoutNulls(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members): .object(members.filter { !$0.value.isNull }.mapValues(withoutNulls))
        case .array(let elements): .array(elements.map(withoutNulls))
        default: value
        }
    }
}

extension KubernetesObject {
    /// Adds labels, or sets them anew.
    mutating func addLabels(_ labels: [String: String]) {
        for (key, value) in labels { self[path: "metadata", "labels", key] = .string(value) }
    }
}
