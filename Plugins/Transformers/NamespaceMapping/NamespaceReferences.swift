import FieldPaths

/// A place in an object that names namespaces.
struct NamespaceReference: Sendable, Hashable {
    let path: FieldPath
    let form: NamespaceForm

    init(_ path: FieldPath, _ form: NamespaceForm = .name) {
        self.path = path
        self.form = form
    }
}

/// Every place in the built-in kinds, and in Gateway API, the snapshot API and OpenShift's core, that names namespaces.
/// `metadata.namespace` is not listed: all objects have it.
enum NamespaceReferences {
    static func of(_ kind: GroupKind) -> [NamespaceReference] { byKind[kind] ?? [] }

    private static let byKind: [GroupKind: [NamespaceReference]] = {
        var byKind = [GroupKind: [NamespaceReference]](minimumCapacity: table.count)
        for (group, kinds, references) in table {
            for kind in kinds { byKind[GroupKind(group, kind), default: []] += references }
        }
        for (group, kinds) in workloads {
            for kind in kinds {
                guard let podSpec = PodSpecs.path(in: GroupKind(group, kind)) else { continue }
                byKind[GroupKind(group, kind), default: []] += inPodSpec.map {
                    NamespaceReference(podSpec.appending($0.path), $0.form)
                }
            }
        }
        return byKind
    }()

    /// All paths, for the test that they are well-formed.
    static var all: [NamespaceReference] { byKind.values.flatMap { $0 } }

    private typealias Row = (group: String, kinds: [String], references: [NamespaceReference])

    private static let workloads: [(String, [String])] = [
        ("", ["Pod", "PodTemplate", "ReplicationController"]),
        ("apps", ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"]),
        ("extensions", ["Deployment", "ReplicaSet", "DaemonSet"]),
        ("batch", ["Job", "CronJob"]),
        ("apps.openshift.io", ["DeploymentConfig"]),
        ("kubevirt.io", ["VirtualMachine", "VirtualMachineInstance", "VirtualMachineInstanceReplicaSet"]),
        ("pool.kubevirt.io", ["VirtualMachinePool"]),
    ]

    private static let inPodSpec: [NamespaceReference] =
        ["podAffinity", "podAntiAffinity"].flatMap { affinity in
            [
                "requiredDuringSchedulingIgnoredDuringExecution[*]",
                "preferredDuringSchedulingIgnoredDuringExecution[*].podAffinityTerm",
            ].flatMap { term in
                [
                    NamespaceReference(FieldPath(stringLiteral: "affinity.\(affinity).\(term).namespaces[*]")),
                    NamespaceReference(
                        FieldPath(stringLiteral: "affinity.\(affinity).\(term).namespaceSelector"), .selector),
                ]
            }
        } + [
            NamespaceReference("volumes[*].ephemeral.volumeClaimTemplate.spec.dataSourceRef.namespace"),
            // Of virtual machines; a pod names such networks in an annotation.
            NamespaceReference("networks[*].multus.networkName", .slashed),
        ]

    private static let table: [Row] = core + cluster + gateway + openShift + kubeVirt

    private static let core: [Row] = [
        (
            "", ["Namespace"],
            [
                NamespaceReference("metadata.name"),
                NamespaceReference("metadata.labels", .labels),
            ]
        ),
        (
            "", ["PersistentVolume"],
            [
                NamespaceReference("spec.claimRef.namespace"),
                NamespaceReference("spec.csi.controllerPublishSecretRef.namespace"),
                NamespaceReference("spec.csi.controllerExpandSecretRef.namespace"),
                NamespaceReference("spec.csi.nodeStageSecretRef.namespace"),
                NamespaceReference("spec.csi.nodePublishSecretRef.namespace"),
                NamespaceReference("spec.csi.nodeExpandSecretRef.namespace"),
                NamespaceReference("spec.azureFile.secretNamespace"),
                NamespaceReference("spec.cephfs.secretRef.namespace"),
                NamespaceReference("spec.cinder.secretRef.namespace"),
                NamespaceReference("spec.flexVolume.secretRef.namespace"),
                NamespaceReference("spec.glusterfs.endpointsNamespace"),
                NamespaceReference("spec.iscsi.secretRef.namespace"),
                NamespaceReference("spec.rbd.secretRef.namespace"),
                NamespaceReference("spec.scaleIO.secretRef.namespace"),
                NamespaceReference("spec.storageos.secretRef.namespace"),
            ]
        ),
        (
            "", ["PersistentVolumeClaim"],
            [
                NamespaceReference("spec.dataSource.namespace"),
                NamespaceReference("spec.dataSourceRef.namespace"),
            ]
        ),
        (
            "apps", ["StatefulSet"],
            [
                NamespaceReference("spec.volumeClaimTemplates[*].metadata.namespace"),
                NamespaceReference("spec.volumeClaimTemplates[*].spec.dataSourceRef.namespace"),
            ]
        ),
        (
            "", ["Endpoints"],
            [
                NamespaceReference("subsets[*].addresses[*].targetRef.namespace"),
                NamespaceReference("subsets[*].notReadyAddresses[*].targetRef.namespace"),
            ]
        ),
        ("discovery.k8s.io", ["EndpointSlice"], [NamespaceReference("endpoints[*].targetRef.namespace")]),
        ("", ["ServiceAccount"], [NamespaceReference("secrets[*].namespace")]),
        (
            "", ["Event"],
            [
                NamespaceReference("involvedObject.namespace"),
                NamespaceReference("related.namespace"),
            ]
        ),
        (
            "events.k8s.io", ["Event"],
            [
                NamespaceReference("regarding.namespace"),
                NamespaceReference("related.namespace"),
            ]
        ),
        (
            "networking.k8s.io", ["NetworkPolicy"],
            [
                NamespaceReference("spec.ingress[*].from[*].namespaceSelector", .selector),
                NamespaceReference("spec.egress[*].to[*].namespaceSelector", .selector),
            ]
        ),
        ("networking.k8s.io", ["IngressClass"], [NamespaceReference("spec.parameters.namespace")]),
    ]

    private static let cluster: [Row] = [
        ("rbac.authorization.k8s.io", ["RoleBinding", "ClusterRoleBinding"], subjects),
        ("rbac.authorization.k8s.io", ["Role", "ClusterRole"], [NamespaceReference("rules[*]", .policyRule)]),
        (
            "admissionregistration.k8s.io", ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
            [
                NamespaceReference("webhooks[*].clientConfig.service.namespace"),
                NamespaceReference("webhooks[*].namespaceSelector", .selector),
            ]
        ),
        (
            "admissionregistration.k8s.io", ["ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"],
            [
                NamespaceReference("spec.matchConstraints.namespaceSelector", .selector)
            ]
        ),
        (
            "admissionregistration.k8s.io", ["ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicyBinding"],
            [
                NamespaceReference("spec.paramRef.namespace"),
                NamespaceReference("spec.matchResources.namespaceSelector", .selector),
            ]
        ),
        ("apiregistration.k8s.io", ["APIService"], [NamespaceReference("spec.service.namespace")]),
        (
            "apiextensions.k8s.io", ["CustomResourceDefinition"],
            [
                NamespaceReference("spec.conversion.webhook.clientConfig.service.namespace"),
                NamespaceReference("spec.conversion.webhookClientConfig.service.namespace"),
            ]
        ),
        (
            "flowcontrol.apiserver.k8s.io", ["FlowSchema"],
            [
                NamespaceReference("spec.rules[*].subjects[*].serviceAccount.namespace"),
                NamespaceReference("spec.rules[*].subjects[*].user.name", .userName),
                NamespaceReference("spec.rules[*].subjects[*].group.name", .groupName),
                NamespaceReference("spec.rules[*].resourceRules[*].namespaces[*]"),
            ]
        ),
        ("storage.k8s.io", ["StorageClass"], [NamespaceReference("parameters", .classParameters)]),
        ("snapshot.storage.k8s.io", ["VolumeSnapshotClass"], [NamespaceReference("parameters", .classParameters)]),
        (
            "snapshot.storage.k8s.io", ["VolumeSnapshotContent"],
            [
                NamespaceReference("spec.volumeSnapshotRef.namespace")
            ]
        ),
        (
            "groupsnapshot.storage.k8s.io", ["VolumeGroupSnapshotContent"],
            [
                NamespaceReference("spec.volumeGroupSnapshotRef.namespace")
            ]
        ),
    ]

    private static let subjects = [
        NamespaceReference("subjects[*].namespace"),
        // These forms fit no name of another kind of subject: a ServiceAccount's name holds no colon.
        NamespaceReference("subjects[*].name", .userName),
        NamespaceReference("subjects[*].name", .groupName),
    ]

    private static let gateway: [Row] = [
        (
            "gateway.networking.k8s.io", ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"],
            [
                NamespaceReference("spec.parentRefs[*].namespace"),
                NamespaceReference("spec.rules[*].backendRefs[*].namespace"),
                NamespaceReference("spec.rules[*].filters[*].requestMirror.backendRef.namespace"),
                NamespaceReference("spec.rules[*].backendRefs[*].filters[*].requestMirror.backendRef.namespace"),
            ]
        ),
        (
            "gateway.networking.k8s.io", ["Gateway"],
            [
                NamespaceReference("spec.listeners[*].tls.certificateRefs[*].namespace"),
                NamespaceReference("spec.listeners[*].tls.frontendValidation.caCertificateRefs[*].namespace"),
                NamespaceReference("spec.listeners[*].allowedRoutes.namespaces.selector", .selector),
            ]
        ),
        ("gateway.networking.k8s.io", ["GatewayClass"], [NamespaceReference("spec.parametersRef.namespace")]),
        ("gateway.networking.k8s.io", ["ReferenceGrant"], [NamespaceReference("spec.from[*].namespace")]),
    ]

    private static let openShift: [Row] = [
        (
            "authorization.openshift.io", ["RoleBinding", "ClusterRoleBinding"],
            subjects + [
                NamespaceReference("userNames[*]", .userName),
                NamespaceReference("groupNames[*]", .groupName),
            ]
        ),
        (
            "security.openshift.io", ["SecurityContextConstraints"],
            [
                NamespaceReference("users[*]", .userName),
                NamespaceReference("groups[*]", .groupName),
            ]
        ),
        (
            "apps.openshift.io", ["DeploymentConfig"],
            [
                NamespaceReference("spec.triggers[*].imageChangeParams.from.namespace")
            ]
        ),
        ("image.openshift.io", ["ImageStream"], [NamespaceReference("spec.tags[*].from.namespace")]),
        (
            "build.openshift.io", ["Build", "BuildConfig"],
            [
                NamespaceReference("spec.output.to.namespace"),
                NamespaceReference("spec.strategy[*].from.namespace"),
                NamespaceReference("spec.source.images[*].from.namespace"),
                NamespaceReference("spec.triggers[*].imageChange.from.namespace"),
            ]
        ),
    ]

    private static let kubeVirt: [Row] = [
        ("cdi.kubevirt.io", ["DataVolume"], inDataVolume("spec")),
        ("cdi.kubevirt.io", ["DataImportCron"], inDataVolume("spec.template.spec")),
        ("kubevirt.io", ["VirtualMachine"], inDataVolume("spec.dataVolumeTemplates[*].spec")),
        (
            "pool.kubevirt.io", ["VirtualMachinePool"],
            inDataVolume("spec.virtualMachineTemplate.spec.dataVolumeTemplates[*].spec")
        ),
        ("cdi.kubevirt.io", ["DataSource"], inDataVolumeSources("spec.source")),
    ]

    /// Where the spec of a DataVolume names what it is filled from.
    private static func inDataVolume(_ spec: String) -> [NamespaceReference] {
        [NamespaceReference(FieldPath(stringLiteral: "\(spec).sourceRef.namespace"))]
            + inDataVolumeSources("\(spec).source")
            + ["pvc", "storage"].map {
                NamespaceReference(FieldPath(stringLiteral: "\(spec).\($0).dataSourceRef.namespace"))
            }
    }

    private static func inDataVolumeSources(_ source: String) -> [NamespaceReference] {
        ["pvc", "snapshot"].map { NamespaceReference(FieldPath(stringLiteral: "\(source).\($0).namespace")) }
    }
}
