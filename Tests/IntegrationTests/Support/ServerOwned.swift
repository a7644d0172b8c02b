import GodwitModel

/// The fields that a server owns, or that a restore drops as Velero does, each with its reason. This is the whole list:
/// everything else of every object must be equal after a restore.
enum ServerOwned {
    struct Field {
        /// The kinds that have it; empty for all.
        let kinds: Set<String>
        /// Members from the top; `[]` goes into each element of an array.
        let path: [String]
        let reason: String

        init(_ kinds: Set<String>, _ path: String..., because reason: String) {
            self.kinds = kinds
            self.path = path
            self.reason = reason
        }
    }

    static let fields: [Field] = [
        Field([], "metadata", "uid", because: "given by the server"),
        Field([], "metadata", "resourceVersion", because: "given by the server"),
        Field([], "metadata", "creationTimestamp", because: "given by the server"),
        Field([], "metadata", "generation", because: "counted by the server"),
        Field([], "metadata", "selfLink", because: "given by the server"),
        Field([], "metadata", "managedFields", because: "kept by the server: who wrote a field last"),
        Field([], "metadata", "ownerReferences", because: "name uids of the old cluster; a restore drops them"),
        Field([], "metadata", "labels", "velero.io/backup-name", because: "added by a restore"),
        Field([], "metadata", "labels", "velero.io/restore-name", because: "added by a restore"),
        Field([], "status", because: "written by controllers, not restored unless asked for"),

        Field(["Service"], "spec", "clusterIP", because: "allocated (kept where it is None)"),
        Field(["Service"], "spec", "clusterIPs", because: "allocated (kept where it is None)"),
        Field(["Service"], "spec", "ports", "[]", "nodePort", because: "allocated"),
        Field(["Service"], "spec", "healthCheckNodePort", because: "allocated"),
        Field(
            ["Endpoints"], "metadata", "annotations", "endpoints.kubernetes.io/last-change-trigger-time",
            because: "written by the endpoints controller"),
        Field(
            ["EndpointSlice"], "metadata", "annotations", "endpoints.kubernetes.io/last-change-trigger-time",
            because: "written by the endpoint slice controller"),

        Field(["PersistentVolume"], "spec", "claimRef", "uid", because: "the claim is a new object"),
        Field(["PersistentVolume"], "spec", "claimRef", "resourceVersion", because: "the claim is a new object"),
        Field(
            ["PersistentVolume"], "metadata", "annotations", "pv.kubernetes.io/bound-by-controller",
            because: "a mark of the binding"),
        Field(
            ["PersistentVolumeClaim"], "metadata", "annotations", "pv.kubernetes.io/bound-by-controller",
            because: "a mark of the binding"),
        Field(
            ["PersistentVolumeClaim"], "metadata", "annotations", "pv.kubernetes.io/bind-completed",
            because: "a mark of the binding"),

        Field(["Job"], "metadata", "labels", "controller-uid", because: "the job's own uid"),
        Field(["Job"], "spec", "selector", "matchLabels", "controller-uid", because: "the job's own uid"),
        Field(["Job"], "spec", "template", "metadata", "labels", "controller-uid", because: "the job's own uid"),
        Field(["Pod"], "metadata", "labels", "controller-uid", because: "the uid of its job"),
        Field(["Pod"], "spec", "nodeName", because: "chosen by the scheduler"),

        Field(["ServiceAccount"], "secrets", because: "generated tokens: each cluster signs its own"),
        Field(["Secret/kubernetes.io/service-account-token"], "data", "token", because: "signed by the cluster"),
        Field(["Secret/kubernetes.io/service-account-token"], "data", "ca.crt", because: "the cluster's own"),
        Field(
            ["Secret/kubernetes.io/service-account-token"], "metadata", "annotations",
            "kubernetes.io/service-account.uid", because: "the account is a new object"),
        Field(
            ["ConfigMap/kube-root-ca.crt"], "data", "ca.crt", because: "the cluster's own, published by a controller"),
        Field(
            ["HorizontalPodAutoscaler"], "metadata", "annotations", "autoscaling.alpha.kubernetes.io/conditions",
            because: "the status, in the form that v1 has for it"),
    ]

    /// Finalizers that the server sets on every claim and volume.
    private static let protections: Set<String> = ["kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"]

    /// The object without these fields.
    static func removed(from object: KubernetesObject) -> JSONValue {
        var value = object.value
        let kinds: Set<String> = [
            object.kind, "\(object.kind)/\(object.name)", "\(object.kind)/\(object["type"]?.string ?? "")",
        ]
        for field in fields where field.kinds.isEmpty || !field.kinds.isDisjoint(with: kinds) {
            if field.path.last?.hasPrefix("clusterIP") == true, object[path: "spec", "clusterIP"] == "None" { continue }
            remove(field.path[...], from: &value)
        }
        let finalizers = (value[path: "metadata", "finalizers"]?.array ?? []).filter {
            !protections.contains($0.string ?? "")
        }
        value[path: "metadata", "finalizers"] = finalizers.isEmpty ? nil : .array(finalizers)
        // Removing the last member is the same as there never having been one.
        for map in ["labels", "annotations"] where value[path: "metadata", map]?.object?.isEmpty == true {
            value[path: "metadata", map] = nil
        }
        removeGeneratedTokenVolumes(object.kind, from: &value)
        return value
    }

    private static func remove(_ path: ArraySlice<String>, from value: inout JSONValue) {
        guard let first = path.first else { return }
        let rest = path.dropFirst()
        if first == "[]" {
            guard let elements = value.array else { return }
            value = .array(
                elements.map { element in
                    var element = element
                    remove(rest, from: &element)
                    return element
                })
        } else if rest.isEmpty {
            if value.object != nil { value[first] = nil }
        } else if var child = value[first] {
            remove(rest, from: &child)
            value[first] = child
        }
    }

    /// A pod's mount of its account's token: the volume has the generated name of the Secret, so it is no fixed path.
    private static func removeGeneratedTokenVolumes(_ kind: String, from value: inout JSONValue) {
        guard kind == "Pod", let volumes = value[path: "spec", "volumes"]?.array else { return }
        let account = value[path: "spec", "serviceAccountName"]?.string ?? "default"
        let tokens = Set(
            volumes.compactMap { volume in
                volume[path: "secret", "secretName"]?.string == volume["name"]?.string ? volume["name"]?.string : nil
            }.filter { $0.hasPrefix("\(account)-token-") })
        func without(_ elements: JSONValue?) -> JSONValue? {
            let rest = (elements?.array ?? []).filter { !tokens.contains($0["name"]?.string ?? "") }
            return rest.isEmpty ? nil : .array(rest)
        }
        value[path: "spec", "volumes"] = without(value[path: "spec", "volumes"])
        for list in ["containers", "initContainers"] {
            guard let containers = value[path: "spec", list]?.array else { continue }
            value[path: "spec", list] = .array(
                containers.map { container in
                    var container = container
                    container["volumeMounts"] = without(container["volumeMounts"])
                    return container
                })
        }
    }
}
