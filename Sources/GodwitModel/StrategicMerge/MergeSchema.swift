/// How the lists and objects of a built-in kind are merged by a strategic merge patch.
///
/// The facts are the `patchStrategy` and `patchMergeKey` tags of the types in kubernetes/api (v1.30). What has no
/// entry is merged as JSON is: objects member by member, lists as a whole.
struct MergeSchema: Sendable {
    /// How one field is merged.
    enum Field: Sendable {
        /// An object with rules of its own.
        case object(MergeSchema)
        /// An object that is replaced as a whole.
        case replacedObject
        /// A list of objects that are matched by a member.
        case list(key: String, of: MergeSchema)
        /// A list of objects that is replaced as a whole.
        case atomicList
        /// A list of strings or numbers, merged as a set.
        case set
    }

    /// The fields with rules; anything else is merged as JSON is.
    var fields: [String: Field] = [:]

    /// A type without rules.
    static let plain = MergeSchema()

    init(_ fields: [String: Field] = [:]) { self.fields = fields }

    /// The rule of a field; nil when it has none.
    subscript(field: String) -> Field? { fields[field] }

    /// What is below an object field.
    func object(_ field: String) -> MergeSchema {
        if case .object(let schema) = fields[field] { schema } else { .plain }
    }
}

extension MergeSchema {
    /// The rules of a built-in kind; nil for a kind that Kubernetes cannot merge strategically.
    static func kind(_ kind: String) -> MergeSchema? {
        if let schema = table[kind] { return schema }
        return plainKinds.contains(kind) ? object() : nil
    }

    static func list(_ key: String) -> Field { .list(key: key, of: .plain) }

    private static let metadata = MergeSchema([
        "ownerReferences": list("uid"), "finalizers": .set,
    ])

    private static let conditions = MergeSchema(["conditions": list("type")])

    private static func object(
        spec: MergeSchema = .plain, status: MergeSchema = .plain, _ more: [String: Field] = [:]
    ) -> MergeSchema {
        var fields: [String: Field] = [
            "metadata": .object(metadata), "spec": .object(spec), "status": .object(status),
        ]
        for (name, field) in more { fields[name] = field }
        return MergeSchema(fields)
    }

    private static let container = MergeSchema([
        "ports": list("containerPort"), "env": list("name"), "volumeMounts": list("mountPath"),
        "volumeDevices": list("devicePath"),
    ])

    private static let podSpec = MergeSchema([
        "volumes": list("name"), "initContainers": .list(key: "name", of: container),
        "containers": .list(key: "name", of: container),
        "ephemeralContainers": .list(key: "name", of: container), "imagePullSecrets": list("name"),
        "hostAliases": list("ip"), "topologySpreadConstraints": list("topologyKey"),
        "schedulingGates": list("name"), "resourceClaims": list("name"), "tolerations": .atomicList,
    ])

    private static let podStatus = MergeSchema([
        "conditions": list("type"), "podIPs": list("ip"), "hostIPs": list("ip"), "resourceClaimStatuses": list("name"),
    ])

    private static let podTemplate = MergeSchema(["metadata": .object(metadata), "spec": .object(podSpec)])
    private static let workloadSpec = MergeSchema(["template": .object(podTemplate)])
    private static let workload = object(spec: workloadSpec, status: conditions)
    private static let webhooks: [String: Field] = [
        "webhooks": .list(key: "name", of: MergeSchema(["matchConditions": list("name")]))
    ]

    private static let table: [String: MergeSchema] = [
        "Pod": object(spec: podSpec, status: podStatus),
        "PodTemplate": object(["template": .object(podTemplate)]),
        "Deployment": workload, "StatefulSet": workload, "DaemonSet": workload, "ReplicaSet": workload,
        "ReplicationController": workload, "Job": workload,
        "CronJob": object(
            spec: MergeSchema([
                "jobTemplate": .object(
                    MergeSchema(["metadata": .object(metadata), "spec": .object(workloadSpec)]))
            ])),
        "Service": object(
            spec: MergeSchema(["ports": list("port")]),
            status: MergeSchema([
                "conditions": list("type"), "loadBalancer": .object(MergeSchema(["ingress": .atomicList])),
            ])),
        "ServiceAccount": object(["secrets": list("name"), "imagePullSecrets": .atomicList]),
        "Node": object(
            spec: MergeSchema(["podCIDRs": .set]),
            status: MergeSchema(["conditions": list("type"), "addresses": list("type")])),
        "Namespace": object(status: conditions),
        "PersistentVolumeClaim": object(status: conditions),
        "HorizontalPodAutoscaler": object(status: conditions),
        "NetworkPolicy": object(status: conditions),
        "APIService": object(status: conditions),
        "FlowSchema": object(status: conditions),
        "PriorityLevelConfiguration": object(status: conditions),
        "PodDisruptionBudget": object(spec: MergeSchema(["selector": .replacedObject]), status: conditions),
        "ComponentStatus": object(["conditions": list("type")]),
        "CSINode": object(spec: MergeSchema(["drivers": list("name")])),
        "MutatingWebhookConfiguration": object(webhooks),
        "ValidatingWebhookConfiguration": object(webhooks),
        "ValidatingAdmissionPolicy": object(
            spec: MergeSchema(["matchConditions": list("name"), "variables": list("name")]), status: conditions),
    ]

    /// Built-in kinds whose own fields have no rules.
    private static let plainKinds: Set<String> = [
        "Binding", "ConfigMap", "Endpoints", "EndpointSlice", "Event", "LimitRange", "PersistentVolume",
        "ResourceQuota", "Secret", "ControllerRevision", "Ingress", "IngressClass", "Role", "RoleBinding",
        "ClusterRole", "ClusterRoleBinding", "StorageClass", "VolumeAttachment", "CSIDriver", "CSIStorageCapacity",
        "PriorityClass", "RuntimeClass", "Lease", "CertificateSigningRequest", "ValidatingAdmissionPolicyBinding",
        "PodSecurityPolicy",
    ]
}
