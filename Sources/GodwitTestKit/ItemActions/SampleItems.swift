import GodwitModel
import GodwitPluginAPI

/// Items for the suites of actions.
enum SampleItems {
    /// An item that an action says it is for, as far as that can be told from its selector.
    static func item(for selector: ResourceSelector, named name: String = "sample") -> KubernetesObject {
        let resource = selector.includedResources.first { !$0.contains("*") } ?? "configmaps"
        let kind = kinds[GroupResource(parsing: resource)] ?? kinds[GroupResource(resource: resource)]
        var object = KubernetesObject([:])
        object["apiVersion"] = .string(kind?.apiVersion ?? "v1")
        object["kind"] = .string(kind?.kind ?? "ConfigMap")
        object.name = name
        if kind?.isNamespaced ?? true {
            object.namespace = selector.includedNamespaces.first { !$0.contains("*") } ?? "default"
        }
        object["metadata"]?["uid"] = "0b6f8c5e-6e2b-4c0c-9b56-5d3f8f2a7b11"
        object.labels = labels(for: selector)
        if let content = kind?.content {
            for (key, value) in content { object[key] = value }
        }
        return object
    }

    private static func labels(for selector: ResourceSelector) -> [String: String] {
        var labels: [String: String] = ["app": "sample"]
        // `key=value` and `key` are what can be met without guessing.
        for part in (selector.labelSelector?.description ?? "").split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
            if sides.count == 2 { labels[sides[0]] = sides[1].replacing("=", with: "") }
        }
        return labels
    }

    private struct Kind {
        var apiVersion = "v1"
        let kind: String
        var isNamespaced = true
        var content: [String: JSONValue] = [:]
    }

    private static let pod: JSONValue = ["containers": [["name": "main", "image": "docker.io/library/nginx:1"]]]

    private static let kinds: [GroupResource: Kind] = [
        GroupResource(resource: "configmaps"): Kind(kind: "ConfigMap", content: ["data": ["key": "value"]]),
        GroupResource(resource: "secrets"): Kind(
            kind: "Secret", content: ["type": "Opaque", "data": ["key": "dmFsdWU="]]),
        GroupResource(resource: "pods"): Kind(kind: "Pod", content: ["spec": pod]),
        GroupResource(resource: "services"): Kind(
            kind: "Service", content: ["spec": ["ports": [["port": 80]], "selector": ["app": "sample"]]]),
        GroupResource(resource: "serviceaccounts"): Kind(kind: "ServiceAccount"),
        GroupResource(resource: "namespaces"): Kind(kind: "Namespace", isNamespaced: false),
        GroupResource(resource: "persistentvolumeclaims"): Kind(
            kind: "PersistentVolumeClaim",
            content: [
                "spec": [
                    "accessModes": ["ReadWriteOnce"], "volumeName": "pv-1", "storageClassName": "standard",
                    "resources": ["requests": ["storage": "1Gi"]],
                ], "status": ["phase": "Bound"],
            ]),
        GroupResource(resource: "persistentvolumes"): Kind(
            kind: "PersistentVolume", isNamespaced: false,
            content: [
                "spec": [
                    "accessModes": ["ReadWriteOnce"], "capacity": ["storage": "1Gi"],
                    "hostPath": ["path": "/var/lib/sample"], "persistentVolumeReclaimPolicy": "Delete",
                ]
            ]),
        GroupResource(group: "apps", resource: "deployments"): Kind(
            apiVersion: "apps/v1", kind: "Deployment",
            content: [
                "spec": ["replicas": 2, "selector": ["matchLabels": ["app": "sample"]], "template": ["spec": pod]]
            ]),
        GroupResource(group: "batch", resource: "cronjobs"): Kind(
            apiVersion: "batch/v1", kind: "CronJob",
            content: [
                "spec": [
                    "schedule": "0 3 * * *", "suspend": false,
                    "jobTemplate": ["spec": ["template": ["spec": pod]]],
                ]
            ]),
        GroupResource(group: "batch", resource: "jobs"): Kind(
            apiVersion: "batch/v1", kind: "Job", content: ["spec": ["template": ["spec": pod]]]),
    ]

    /// The restore that actions are shown.
    struct Context: RestoreContext {
        var restore: Restore { Restore(name: "contract", spec: RestoreSpec(backupName: "contract")) }
        func existing(_ identity: ItemIdentity) async throws -> KubernetesObject? { nil }
        func backedUp(_ identity: ItemIdentity) async throws -> KubernetesObject? { nil }
        func backupContains(_ identity: ItemIdentity) -> Bool { false }
        func willRestore(_ identity: ItemIdentity) -> Bool { false }
        func mayRestore(_ identity: ItemIdentity) -> Bool { false }
        func serves(_ resource: GroupResource, version: String) -> Bool { true }
    }

    /// The backup that actions are shown.
    static var backup: Backup { Backup(name: "contract") }
}
