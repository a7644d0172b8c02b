import GodwitModel

/// Removes from an object what the cluster it came from gave it, so that another cluster can take it.
///
/// Of the metadata only name, namespace, labels and annotations stay, and no status: Velero's rule.
enum ObjectCleaner {
    /// The label that names the backup.
    static let backupLabel = "velero.io/backup-name"
    /// The label that names the restore.
    static let restoreLabel = "velero.io/restore-name"

    /// The object without what its cluster owns.
    static func cleaned(_ object: KubernetesObject) -> KubernetesObject {
        var object = object
        let metadata = object["metadata"]?.object ?? [:]
        let kept = metadata.filter { ["name", "namespace", "labels", "annotations"].contains($0.key) }
        object["metadata"] = .object(kept)
        object["status"] = nil
        return object
    }

    /// The object with the labels that a restore adds.
    static func labelled(_ object: KubernetesObject, restore: Restore) -> KubernetesObject {
        var object = object
        var labels = object.labels
        labels[backupLabel] = LabelValue.valid(restore.spec.backupName)
        labels[restoreLabel] = LabelValue.valid(restore.name)
        object.labels = labels
        return object
    }

    /// The object without those labels.
    static func unlabelled(_ object: KubernetesObject) -> KubernetesObject {
        var object = object
        var labels = object.labels
        guard labels[backupLabel] != nil || labels[restoreLabel] != nil else { return object }
        labels[backupLabel] = nil
        labels[restoreLabel] = nil
        object.labels = labels
        return object
    }
}
