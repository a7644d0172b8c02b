import GodwitModel

/// Removes from an object what the cluster it came from gave it, so that another cluster can take it.
///
/// Of the metadata only name, namespace, labels and annotations stay, and no status.
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
        object["metadata"] = .object(kept)
        object["status"] = nil
        return object
    }

    /// The labels that a restore adds.
    static func labels(of restore: Restore) -> [String: String] {
        [
            backupLabel: LabelValue.valid(restore.spec.backupName),
            restoreLabel: LabelValue.valid(restore.name),
        ]
    }

    /// The object without the labels that a restore adds, and without members that are null, which mean nothing.
    static func comparable(_ object: KubernetesObject) -> JSONValue {
        var object = object
        object[path: "metadata", "labels", backupLabel] = nil
        object[path: "metadata", "labels", restoreLabel] = nil
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
