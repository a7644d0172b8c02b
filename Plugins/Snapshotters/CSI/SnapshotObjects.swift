import GodwitModel
import GodwitPluginAPI

/// The objects that stand for snapshots in a cluster.
///
/// Source: the snapshot.storage.k8s.io API of the Kubernetes CSI project; v1, of which v1beta1 has the same members.
enum SnapshotObjects {
    static let group = "snapshot.storage.k8s.io"
    static let snapshots = GroupResource(group: group, resource: "volumesnapshots")
    static let contents = GroupResource(group: group, resource: "volumesnapshotcontents")
    /// Keeps a content until its driver has done what the deletion policy says.
    static let contentFinalizer = "snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection"
    static let classes = GroupResource(group: group, resource: "volumesnapshotclasses")

    /// A snapshot of a claim, to be taken.
    static func snapshot(
        _ name: String, of claim: ClaimName, class snapshotClass: String, labels: [String: String]
    ) -> KubernetesObject {
        var object = KubernetesObject([
            "metadata": ["name": .string(name), "namespace": .string(claim.namespace)],
            "spec": [
                "volumeSnapshotClassName": .string(snapshotClass),
                "source": ["persistentVolumeClaimName": .string(claim.name)],
            ],
        ])
        object.labels = labels
        return object
    }

    /// A snapshot that the storage has already.
    static func snapshot(
        _ name: String, in namespace: String, content: String, class snapshotClass: KubernetesObject?,
        labels: [String: String]
    ) -> KubernetesObject {
        var object = KubernetesObject([
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
            "spec": ["source": ["volumeSnapshotContentName": .string(content)]],
        ])
        if let snapshotClass { object[path: "spec", "volumeSnapshotClassName"] = .string(snapshotClass.name) }
        object.labels = labels
        return object
    }

    /// What stands for a snapshot that the storage has already.
    ///
    /// - Parameters:
    ///   - reference: the snapshot that may bind it.
    ///   - deletes: whether the storage's snapshot goes with it.
    static func content(
        _ name: String, _ snapshot: ClaimSnapshot, reference: (namespace: String, name: String),
        class snapshotClass: KubernetesObject?, deletes: Bool, labels: [String: String]
    ) -> KubernetesObject {
        var object = KubernetesObject([
            "metadata": ["name": .string(name)],
            "spec": [
                "driver": .string(snapshot.driver), "deletionPolicy": deletes ? "Delete" : "Retain",
                "source": ["snapshotHandle": .string(snapshot.handle)],
                "volumeSnapshotRef": [
                    "kind": "VolumeSnapshot", "namespace": .string(reference.namespace),
                    "name": .string(reference.name),
                ],
            ],
        ])
        if let snapshotClass {
            object[path: "spec", "volumeSnapshotClassName"] = .string(snapshotClass.name)
            object.annotations = secrets(of: snapshotClass)
        }
        if deletes { object[path: "metadata", "finalizers"] = [.string(contentFinalizer)] }
        object.labels = labels
        return object
    }

    /// The annotations that tell a driver's sidecar which Secrets it needs for a snapshot that it has not taken itself.
    private static func secrets(of snapshotClass: KubernetesObject) -> [String: String] {
        let parameters = snapshotClass["parameters"]?.object ?? [:]
        let annotations = [
            "csi.storage.k8s.io/snapshotter-secret-name": "snapshot.storage.kubernetes.io/deletion-secret-name",
            "csi.storage.k8s.io/snapshotter-secret-namespace":
                "snapshot.storage.kubernetes.io/deletion-secret-namespace",
            "csi.storage.k8s.io/snapshotter-list-secret-name": "csi.storage.k8s.io/snapshotter-list-secret-name",
            "csi.storage.k8s.io/snapshotter-list-secret-namespace":
                "csi.storage.k8s.io/snapshotter-list-secret-namespace",
        ]
        var secrets: [String: String] = [:]
        for (parameter, annotation) in annotations {
            // A template names the Secret of a snapshot that is not this one.
            guard let value = parameters[parameter]?.string, !value.contains("${") else { continue }
            secrets[annotation] = value
        }
        return secrets
    }

    static func identity(snapshot name: String, in namespace: String) -> ItemIdentity {
        ItemIdentity(resource: snapshots, namespace: namespace, name: name)
    }

    static func identity(content name: String) -> ItemIdentity {
        ItemIdentity(resource: contents, namespace: nil, name: name)
    }
}

extension KubernetesObject {
    /// Whether a snapshot, or its content, can be used.
    var isReadyToUse: Bool { self[path: "status", "readyToUse"]?.bool == true }

    /// What the driver last said went wrong.
    var snapshotFailure: String? { self[path: "status", "error", "message"]?.string }

    /// Whether the driver says that the storage has no such snapshot: the words of external-snapshotter, the only ones that
    /// tell it from other failures.
    var isSnapshotMissing: Bool { snapshotFailure?.contains("can not find snapshot for snapshotID") == true }

    /// What the driver calls the snapshot of a content, once it has taken notice of it.
    var snapshotHandle: String? {
        self[path: "status", "snapshotHandle"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The content that the controller makes for a snapshot of a claim, as external-snapshotter names it: known before the
    /// snapshot is bound to it.
    var expectedContent: String? {
        boundContent ?? self[path: "metadata", "uid"]?.string.map { "snapcontent-\($0)" }
    }

    /// The content that a snapshot was made for; nil for a snapshot of a claim.
    var declaredContent: String? { self[path: "spec", "source", "volumeSnapshotContentName"]?.string }

    /// The content that a snapshot is bound to.
    var boundContent: String? {
        self[path: "status", "boundVolumeSnapshotContentName"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
}
