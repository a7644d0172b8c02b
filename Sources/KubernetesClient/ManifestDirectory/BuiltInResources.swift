import GodwitModel

/// The resources of Kubernetes' own API groups, from the documentation of versions 1.16 to 1.34.
enum BuiltInResources {
    /// Served by the versions in support, in the order of preference.
    static let current = parse(currentTable)
    /// Served in the past only; known so that old manifests can be read.
    static let past = parse(pastTable)

    /// Preferred versions of the groups that have several.
    static let preferredVersions = [
        "autoscaling": "v2", "admissionregistration.k8s.io": "v1", "storage.k8s.io": "v1", "resource.k8s.io": "v1",
        "networking.k8s.io": "v1", "flowcontrol.apiserver.k8s.io": "v1", "certificates.k8s.io": "v1",
        "coordination.k8s.io": "v1",
    ]

    static let verbs: Set<String> = ["create", "delete", "get", "list", "patch", "update"]

    /// Lines of `apiVersion: Kind plural short,names`; cluster-scoped kinds are marked with `*`.
    private static func parse(_ table: String) -> [APIResource] {
        var resources: [APIResource] = []
        for line in table.split(separator: "\n") {
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2 else { continue }
            let groupVersion = GroupVersion(apiVersion: String(halves[0]))
            for entry in halves[1].split(separator: ";") {
                let words = entry.split(separator: " ").map(String.init)
                guard words.count >= 2 else { continue }
                let isCluster = words[0].hasSuffix("*")
                let kind = isCluster ? String(words[0].dropLast()) : words[0]
                resources.append(
                    APIResource(
                        groupVersion: groupVersion, plural: words[1], singular: kind.lowercased(), kind: kind,
                        isNamespaced: !isCluster, verbs: verbs,
                        shortNames: words.count > 2 ? words[2].split(separator: ",").map(String.init) : []))
            }
        }
        return resources
    }

    private static let currentTable = """
        v1:ComponentStatus* componentstatuses cs;ConfigMap configmaps cm;Endpoints endpoints ep;Event events ev
        v1:LimitRange limitranges limits;Namespace* namespaces ns;Node* nodes no
        v1:PersistentVolumeClaim persistentvolumeclaims pvc;PersistentVolume* persistentvolumes pv;Pod pods po
        v1:PodTemplate podtemplates;ReplicationController replicationcontrollers rc;ResourceQuota resourcequotas quota
        v1:Secret secrets;ServiceAccount serviceaccounts sa;Service services svc
        admissionregistration.k8s.io/v1:MutatingWebhookConfiguration* mutatingwebhookconfigurations
        admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration* validatingwebhookconfigurations
        admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy* validatingadmissionpolicies
        admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding* validatingadmissionpolicybindings
        apiextensions.k8s.io/v1:CustomResourceDefinition* customresourcedefinitions crd,crds
        apiregistration.k8s.io/v1:APIService* apiservices
        apps/v1:ControllerRevision controllerrevisions;DaemonSet daemonsets ds;Deployment deployments deploy
        apps/v1:ReplicaSet replicasets rs;StatefulSet statefulsets sts
        autoscaling/v2:HorizontalPodAutoscaler horizontalpodautoscalers hpa
        autoscaling/v1:HorizontalPodAutoscaler horizontalpodautoscalers hpa
        batch/v1:CronJob cronjobs cj;Job jobs
        certificates.k8s.io/v1:CertificateSigningRequest* certificatesigningrequests csr
        certificates.k8s.io/v1beta1:ClusterTrustBundle* clustertrustbundles
        coordination.k8s.io/v1:Lease leases
        discovery.k8s.io/v1:EndpointSlice endpointslices
        events.k8s.io/v1:Event events ev
        flowcontrol.apiserver.k8s.io/v1:FlowSchema* flowschemas
        flowcontrol.apiserver.k8s.io/v1:PriorityLevelConfiguration* prioritylevelconfigurations
        networking.k8s.io/v1:IngressClass* ingressclasses;Ingress ingresses ing;NetworkPolicy networkpolicies netpol
        networking.k8s.io/v1:IPAddress* ipaddresses ip;ServiceCIDR* servicecidrs
        node.k8s.io/v1:RuntimeClass* runtimeclasses
        policy/v1:PodDisruptionBudget poddisruptionbudgets pdb
        rbac.authorization.k8s.io/v1:ClusterRoleBinding* clusterrolebindings;ClusterRole* clusterroles
        rbac.authorization.k8s.io/v1:RoleBinding rolebindings;Role roles
        resource.k8s.io/v1:DeviceClass* deviceclasses;ResourceClaim resourceclaims
        resource.k8s.io/v1:ResourceClaimTemplate resourceclaimtemplates;ResourceSlice* resourceslices
        scheduling.k8s.io/v1:PriorityClass* priorityclasses pc
        storage.k8s.io/v1:CSIDriver* csidrivers;CSINode* csinodes;CSIStorageCapacity csistoragecapacities
        storage.k8s.io/v1:StorageClass* storageclasses sc;VolumeAttachment* volumeattachments
        storage.k8s.io/v1:VolumeAttributesClass* volumeattributesclasses vac
        """

    private static let pastTable = """
        admissionregistration.k8s.io/v1beta1:MutatingWebhookConfiguration* mutatingwebhookconfigurations
        admissionregistration.k8s.io/v1beta1:ValidatingWebhookConfiguration* validatingwebhookconfigurations
        admissionregistration.k8s.io/v1beta1:ValidatingAdmissionPolicy* validatingadmissionpolicies
        admissionregistration.k8s.io/v1beta1:ValidatingAdmissionPolicyBinding* validatingadmissionpolicybindings
        admissionregistration.k8s.io/v1beta1:MutatingAdmissionPolicy* mutatingadmissionpolicies
        admissionregistration.k8s.io/v1beta1:MutatingAdmissionPolicyBinding* mutatingadmissionpolicybindings
        apiextensions.k8s.io/v1beta1:CustomResourceDefinition* customresourcedefinitions crd,crds
        apiregistration.k8s.io/v1beta1:APIService* apiservices
        apps/v1beta1:ControllerRevision controllerrevisions;Deployment deployments deploy;StatefulSet statefulsets sts
        apps/v1beta2:ControllerRevision controllerrevisions;DaemonSet daemonsets ds;Deployment deployments deploy
        apps/v1beta2:ReplicaSet replicasets rs;StatefulSet statefulsets sts
        autoscaling/v2beta1:HorizontalPodAutoscaler horizontalpodautoscalers hpa
        autoscaling/v2beta2:HorizontalPodAutoscaler horizontalpodautoscalers hpa
        batch/v1beta1:CronJob cronjobs cj
        certificates.k8s.io/v1beta1:CertificateSigningRequest* certificatesigningrequests csr
        certificates.k8s.io/v1alpha1:ClusterTrustBundle* clustertrustbundles
        coordination.k8s.io/v1beta1:Lease leases;LeaseCandidate leasecandidates
        discovery.k8s.io/v1beta1:EndpointSlice endpointslices
        events.k8s.io/v1beta1:Event events ev
        extensions/v1beta1:DaemonSet daemonsets ds;Deployment deployments deploy;ReplicaSet replicasets rs
        extensions/v1beta1:Ingress ingresses ing;NetworkPolicy networkpolicies netpol
        extensions/v1beta1:PodSecurityPolicy* podsecuritypolicies psp
        flowcontrol.apiserver.k8s.io/v1alpha1:FlowSchema* flowschemas
        flowcontrol.apiserver.k8s.io/v1alpha1:PriorityLevelConfiguration* prioritylevelconfigurations
        flowcontrol.apiserver.k8s.io/v1beta1:FlowSchema* flowschemas
        flowcontrol.apiserver.k8s.io/v1beta1:PriorityLevelConfiguration* prioritylevelconfigurations
        flowcontrol.apiserver.k8s.io/v1beta2:FlowSchema* flowschemas
        flowcontrol.apiserver.k8s.io/v1beta2:PriorityLevelConfiguration* prioritylevelconfigurations
        flowcontrol.apiserver.k8s.io/v1beta3:FlowSchema* flowschemas
        flowcontrol.apiserver.k8s.io/v1beta3:PriorityLevelConfiguration* prioritylevelconfigurations
        networking.k8s.io/v1beta1:IngressClass* ingressclasses;Ingress ingresses ing
        networking.k8s.io/v1beta1:IPAddress* ipaddresses ip;ServiceCIDR* servicecidrs
        node.k8s.io/v1alpha1:RuntimeClass* runtimeclasses
        node.k8s.io/v1beta1:RuntimeClass* runtimeclasses
        policy/v1beta1:PodDisruptionBudget poddisruptionbudgets pdb;PodSecurityPolicy* podsecuritypolicies psp
        rbac.authorization.k8s.io/v1beta1:ClusterRoleBinding* clusterrolebindings;ClusterRole* clusterroles
        rbac.authorization.k8s.io/v1beta1:RoleBinding rolebindings;Role roles
        rbac.authorization.k8s.io/v1alpha1:ClusterRoleBinding* clusterrolebindings;ClusterRole* clusterroles
        rbac.authorization.k8s.io/v1alpha1:RoleBinding rolebindings;Role roles
        resource.k8s.io/v1beta1:DeviceClass* deviceclasses;ResourceClaim resourceclaims
        resource.k8s.io/v1beta1:ResourceClaimTemplate resourceclaimtemplates;ResourceSlice* resourceslices
        resource.k8s.io/v1beta2:DeviceClass* deviceclasses;ResourceClaim resourceclaims
        resource.k8s.io/v1beta2:ResourceClaimTemplate resourceclaimtemplates;ResourceSlice* resourceslices
        scheduling.k8s.io/v1beta1:PriorityClass* priorityclasses pc
        scheduling.k8s.io/v1alpha1:PriorityClass* priorityclasses pc
        storage.k8s.io/v1beta1:CSIDriver* csidrivers;CSINode* csinodes;CSIStorageCapacity csistoragecapacities
        storage.k8s.io/v1beta1:StorageClass* storageclasses sc;VolumeAttachment* volumeattachments
        storage.k8s.io/v1beta1:VolumeAttributesClass* volumeattributesclasses vac
        storage.k8s.io/v1alpha1:CSIStorageCapacity csistoragecapacities
        storagemigration.k8s.io/v1alpha1:StorageVersionMigration* storageversionmigrations
        """
}

extension APIResource {
    /// What can be guessed of a custom resource without its definition.
    static func guess(_ groupVersion: GroupVersion, kind: String, isNamespaced: Bool) -> APIResource {
        let singular = kind.lowercased()
        let plural: String
        if singular.hasSuffix("y"), let before = singular.dropLast().last, !"aeiou".contains(before) {
            plural = singular.dropLast() + "ies"
        } else if ["s", "x", "z", "ch", "sh"].contains(where: singular.hasSuffix) {
            plural = singular + "es"
        } else {
            plural = singular + "s"
        }
        return APIResource(
            groupVersion: groupVersion, plural: plural, singular: singular, kind: kind, isNamespaced: isNamespaced,
            verbs: BuiltInResources.verbs)
    }

    /// The resources that a CustomResourceDefinition describes, one a served version, the preferred first.
    static func defined(by definition: JSONValue) -> [APIResource] {
        let spec = definition["spec"]
        guard let group = spec?["group"]?.string, let names = spec?["names"], let kind = names["kind"]?.string,
            let plural = names["plural"]?.string
        else { return [] }
        var versions = (spec?["versions"]?.array ?? []).compactMap { version in
            version["served"]?.bool == false ? nil : version["name"]?.string
        }
        // The form of apiextensions.k8s.io/v1beta1.
        if versions.isEmpty, let only = spec?["version"]?.string { versions = [only] }
        return versions.sorted(by: VersionPriority.precedes).map { version in
            APIResource(
                groupVersion: GroupVersion(group: group, version: version), plural: plural,
                singular: names["singular"]?.string ?? kind.lowercased(), kind: kind,
                isNamespaced: spec?["scope"]?.string != "Cluster", verbs: BuiltInResources.verbs,
                shortNames: names["shortNames"]?.array?.compactMap(\.string) ?? [],
                categories: names["categories"]?.array?.compactMap(\.string) ?? [])
        }
    }
}

/// Kubernetes' order of versions: v2, v1, v1beta2, v1beta1, v1alpha1, then anything else alphabetically.
enum VersionPriority {
    static func precedes(_ left: String, _ right: String) -> Bool {
        switch (parts(left), parts(right)) {
        case (let left?, let right?): left > right
        case (.some, nil): true
        case (nil, .some): false
        case (nil, nil): left < right
        }
    }

    /// Stability (2 for a plain version), major, minor.
    private static func parts(_ version: String) -> (Int, Int, Int)? {
        guard version.hasPrefix("v") else { return nil }
        let rest = version.dropFirst()
        if let major = Int(rest) { return (2, major, 0) }
        for (word, stability) in [("beta", 1), ("alpha", 0)] {
            guard let range = rest.firstRange(of: word) else { continue }
            if let major = Int(rest[..<range.lowerBound]), let minor = Int(rest[range.upperBound...]) {
                return (stability, major, minor)
            }
        }
        return nil
    }
}
