import GodwitModel

/// Puts back what was kept of a workload when it was scaled down.
///
/// Sources: what MTC's controller writes when it quiesces an application, and OADP's plugin for OpenShift when it restores
/// a DeploymentConfig.
struct KeptScale {
    /// The workload, as far as it is put back.
    private(set) var item: KubernetesObject
    /// What could not be understood, and what was not put back.
    private(set) var warnings: [String] = []

    private let kept: [String: String]
    private let isRevision: Bool

    /// OADP sets a paused DeploymentConfig going, and marks one that it has changed.
    private static let paused = "oadp.openshift.io/original-paused"
    private static let modifiedLabel = "oadp.openshift.io/replicas-modified"
    /// MTC sends the pods of a DaemonSet to nodes with a label that none has, and keeps the selector as JSON.
    private static let nodeSelector = "migration.openshift.io/preQuiesceNodeSelector"
    private static let quiescedNodeLabel = "migration.openshift.io/quiesceDaemonSet"

    init(_ item: KubernetesObject, _ original: KubernetesObject) {
        self.item = item
        kept = original.annotations
        isRevision = Replicas.isRevision(original)
    }

    /// Puts back everything that was kept, and removes where it was kept.
    mutating func putBack() {
        let before = item
        if item.kind == "DaemonSet" {
            putBackNodeSelector()
        } else {
            putBackCount()
            putBackPaused()
        }
        guard item != before else { return }
        item[path: "metadata", "labels", Self.modifiedLabel] = nil
        for map in ["annotations", "labels"] where item[path: "metadata", map]?.object?.isEmpty == true {
            item[path: "metadata", map] = nil
        }
    }

    private mutating func putBackCount() {
        guard let kept = KeptCount(kept) else { return }
        // Its owner scales it, and may have gone on to another revision.
        guard !isRevision else { return forget(KeptCount.annotations) }
        guard let count = kept.count else {
            return warn(kept.annotation, kept.text, "which is no number of replicas")
        }
        // Of a Job, the number of pods at a time.
        let field = item.kind == "Job" ? "parallelism" : "replicas"
        let current = item[path: "spec", field]?.integer ?? Replicas.serversDefault
        if !kept.isStale(current) {
            item[path: "spec", field] = .integer(count)
        } else if current != count {
            warnings.append(
                "it stays at \(current) \(field), because it was scaled since \(count) were kept in the annotation "
                    + kept.annotation)
        }
        forget(KeptCount.annotations)
    }

    private mutating func putBackPaused() {
        guard let text = kept[Self.paused] else { return }
        guard let isPaused = Bool(text) else { return warn(Self.paused, text, "neither true nor false") }
        if isPaused != (item[path: "spec", "paused"]?.bool ?? false) {
            item[path: "spec", "paused"] = .bool(isPaused)
        }
        forget([Self.paused])
    }

    private mutating func putBackNodeSelector() {
        guard let text = kept[Self.nodeSelector] else { return }
        let place: ArraySlice<String> = ["spec", "template", "spec", "nodeSelector"]
        // Somebody may have set it going already.
        if item.value[path: place]?[Self.quiescedNodeLabel] != nil {
            guard let labels = (try? JSONValue(parsing: text))?.object, labels.values.allSatisfy({ $0.string != nil })
            else { return warn(Self.nodeSelector, text, "which is no node selector") }
            item.value[path: place] = labels.isEmpty ? nil : .object(labels)
        }
        forget([Self.nodeSelector])
    }

    private mutating func forget(_ annotations: [String]) {
        for annotation in annotations { item[path: "metadata", "annotations", annotation] = nil }
    }

    private mutating func warn(_ annotation: String, _ text: String, _ fault: String) {
        warnings.append("the annotation \(annotation) holds '\(text)', \(fault)")
    }
}
