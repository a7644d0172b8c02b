public import GodwitModel

/// A kind of object without its version: the forms of a kind's versions are alike where transformers look.
public struct GroupKind: Sendable, Hashable {
    /// The group; empty for the core group.
    public let group: String
    /// The kind, such as `Deployment`.
    public let kind: String

    /// Names a kind.
    public init(_ group: String, _ kind: String) {
        self.group = group
        self.kind = kind
    }

    /// The kind of an object.
    public init(of object: KubernetesObject) {
        self.init(GroupVersion(apiVersion: object.apiVersion).group, object.kind)
    }
}

/// Where the workload kinds hold their pod spec.
///
/// The virtual machines of KubeVirt are among them: their spec has the fields of a pod spec that say where it runs, and
/// its volumes name claims as those of a pod do.
public enum PodSpecs {
    /// The resources of all the kinds.
    public static let resources = [
        "pods", "podtemplates", "replicationcontrollers", "deployments.apps", "replicasets.apps", "statefulsets.apps",
        "daemonsets.apps", "deployments.extensions", "replicasets.extensions", "daemonsets.extensions", "jobs.batch",
        "cronjobs.batch", "deploymentconfigs.apps.openshift.io", "virtualmachines.kubevirt.io",
        "virtualmachineinstances.kubevirt.io", "virtualmachineinstancereplicasets.kubevirt.io",
        "virtualmachinepools.pool.kubevirt.io",
    ]

    /// The path of the pod spec in an object; nil for kinds without one.
    public static func path(in kind: GroupKind) -> FieldPath? { paths[kind] }

    private static let paths: [GroupKind: FieldPath] = [
        GroupKind("", "Pod"): "spec",
        GroupKind("", "PodTemplate"): "template.spec",
        GroupKind("", "ReplicationController"): "spec.template.spec",
        GroupKind("apps", "Deployment"): "spec.template.spec",
        GroupKind("apps", "ReplicaSet"): "spec.template.spec",
        GroupKind("apps", "StatefulSet"): "spec.template.spec",
        GroupKind("apps", "DaemonSet"): "spec.template.spec",
        GroupKind("extensions", "Deployment"): "spec.template.spec",
        GroupKind("extensions", "ReplicaSet"): "spec.template.spec",
        GroupKind("extensions", "DaemonSet"): "spec.template.spec",
        GroupKind("batch", "Job"): "spec.template.spec",
        GroupKind("batch", "CronJob"): "spec.jobTemplate.spec.template.spec",
        GroupKind("apps.openshift.io", "DeploymentConfig"): "spec.template.spec",
        GroupKind("kubevirt.io", "VirtualMachine"): "spec.template.spec",
        GroupKind("kubevirt.io", "VirtualMachineInstance"): "spec",
        GroupKind("kubevirt.io", "VirtualMachineInstanceReplicaSet"): "spec.template.spec",
        GroupKind("pool.kubevirt.io", "VirtualMachinePool"): "spec.virtualMachineTemplate.spec.template.spec",
    ]
}
