import BackupActions
import CronJobSuspension
import GodwitPluginAPI
import KubeVirt
import KubernetesClient
import NodePorts
import OpenShift
import Replicas
import SecurityContextConstraints
import SelectedNode

extension Providers {
    /// The actions of a backup of a cluster.
    static func backupActions(for cluster: any Cluster) -> [any BackupItemAction] {
        BackupActions.all { try await Bindings.all(in: cluster) } + KubeVirt.backupActions()
    }

    /// The transformers that need no choice of the user to be listed, beside the built-in fixes.
    static let listedTransformers: [any RestoreItemAction] = [
        SelectedNode(mapping: [:]), NodePortRemoval(), Replicas(.restoreOriginal), CronJobSuspension(.suspend),
        VirtualMachineState(), SecurityContextConstraints(), InternalRegistryAction(),
    ]

    /// The fixes for objects of OpenShift and KubeVirt.
    static let platformFixes: [any RestoreItemAction] = OpenShiftFixes.all() + KubeVirt.fixes()

    /// The transformers that are made of what the user asks for.
    static let configuredTransformers = [
        ("godwit.io/image-registry", "--image-registry-mappings"),
        ("godwit.io/image-stream-registry", "--image-registry-mappings"),
        ("godwit.io/image-name-replacement", "--plugin-config-namespace"),
        ("godwit.io/host-mapping", "--host-mappings"),
        ("godwit.io/labels", "--set-labels, --rename-labels, --drop-labels"),
        ("godwit.io/annotations", "--set-annotations, --rename-annotations, --drop-annotations"),
        (
            "godwit.io/pod-requirements",
            "--drop-node-selectors, --drop-tolerations, --drop-priority-classes, --drop-service-accounts"
        ),
        ("godwit.io/resource-modifier", "--resource-modifiers"),
    ].map { Plugin(name: $0.0, kind: "RestoreItemAction", purpose: $0.1) }
}
