import ClaimMapping
import CronJobSuspension
import GodwitModel
import GodwitPluginAPI
import HostMapping
import ImageRegistry
import KubeVirt
import MetadataRules
import NodePorts
import OpenShift
import PluginConfiguration
import PodRequirements
import Replicas
import SecurityContextConstraints
import SelectedNode
import StorageClassMapping
import Testing

/// Every transformer changes the kinds that it is for and no other, not by a byte, and comes to rest at once.
@Suite struct AloneTests {
    /// An action, and the samples that it changes.
    struct Expectation: Sendable, CustomTestStringConvertible {
        let action: any RestoreItemAction
        let changed: Set<String>
        var testDescription: String { action.name }
    }

    private static let podSpecs: Set<String> = [
        "pod", "deployment", "statefulset", "daemonset", "replicaset", "replicationcontroller", "job", "cronjob",
        "deploymentconfig",
    ]

    private static let machines: Set<String> = ["machine", "machinereplicaset", "machinepool"]

    static func expectations() throws -> [Expectation] {
        let rules = try ImageRegistryRules([
            "docker.io": "mirror.example.com/hub", "quay.io": "mirror.example.com/quay",
        ])
        let configuration = try PluginConfiguration([
            try object(
                """
                {"kind":"ConfigMap","metadata":{"name":"c","labels":{"velero.io/plugin-config":"",
                "velero.io/change-image-name":"RestoreItemAction"}},"data":{"a":"nginx:,httpd:"}}
                """)
        ])
        let chosen: [Expectation] = [
            Expectation(action: SelectedNode(mapping: ["node-1": "node-9"]), changed: ["claim"]),
            Expectation(action: NodePortRemoval(), changed: ["service"]),
            Expectation(
                action: Replicas(.set(0)),
                changed: [
                    "deployment", "statefulset", "replicaset", "replicationcontroller", "deploymentconfig",
                    "machinereplicaset", "machinepool",
                ]),
            Expectation(action: CronJobSuspension(.suspend), changed: ["cronjob"]),
            Expectation(
                action: HostMapping(rules: try HostRules(["apps.old.example.com": "apps.new.example.com"])),
                changed: ["ingress", "route", "chosenroute", "gateway", "httproute"]),
            Expectation(
                action: PodRequirements(
                    rules: try PodRequirementRules(
                        nodeLabels: ["disktype"], taints: ["dedicated"], priorityClasses: ["*"],
                        serviceAccounts: ["web"])),
                changed: podSpecs.union(machines)),
            Expectation(
                action: MetadataChange(rules: try MetadataRules(.labels, dropping: ["o?d"])), changed: ["oldconfigmap"]),
            Expectation(
                action: MetadataChange(rules: try MetadataRules(.annotations, dropping: ["example.com/*"])),
                changed: ["pod"]),
            Expectation(action: VirtualMachineState(.set(.halted)), changed: ["machine"]),
            Expectation(action: ImageNameReplacement(rules: configuration.images), changed: podSpecs),
            Expectation(action: SecurityContextConstraints(), changed: []),
            Expectation(action: ImageRegistry(rules: rules), changed: podSpecs.union(machines)),
            Expectation(action: ImageStreamRegistry(rules: rules), changed: ["imagestream", "buildconfig"]),
            Expectation(
                action: StorageClassMapping(mapping: ["gold": "fast"]),
                changed: ["claim", "machine", "machinepool", "datavolume"]),
            Expectation(
                action: ClaimMapping(mapping: [
                    ClaimName(namespace: "shop", name: "data"): ClaimName(namespace: "shop", name: "data2"),
                    ClaimName(namespace: "shop", name: "disk"): ClaimName(namespace: "shop", name: "disk2"),
                ]), changed: podSpecs.union(machines).union(["claim", "datavolume"])),
            Expectation(action: InternalRegistryAction(), changed: []),
        ]
        let changedByFixes: [String: Set<String>] = [
            "godwit.io/openshift-route": ["route"], "godwit.io/openshift-image-stream": ["imagestream"],
            "godwit.io/openshift-pull-secret-reference": ["serviceaccount", "buildconfig"],
            "godwit.io/openshift-scale-target": ["autoscaler"], "godwit.io/virtual-machine": ["machine"],
        ]
        return chosen
            + (OpenShiftFixes.all() + KubeVirt.fixes()).map {
                Expectation(action: $0, changed: changedByFixes[$0.name] ?? [])
            }
    }

    /// Actions that leave out whatever they are asked about.
    private static let skipping: Set<String> = [
        "godwit.io/openshift-build", "godwit.io/openshift-template-instance",
    ]

    /// The resource of a sample, as the selectors name it.
    private static func resource(of sample: KubernetesObject) -> String {
        let plural =
            switch sample.kind {
            case "Ingress": "ingresses"
            case "SecurityContextConstraints": "securitycontextconstraints"
            default: sample.kind.lowercased() + "s"
            }
        return GroupResource(group: GroupVersion(apiVersion: sample.apiVersion).group, resource: plural).description
    }

    @Test(arguments: try expectations().filter { !skipping.contains($0.action.name) })
    func onlyTheExpectedKindsChange(_ expectation: Expectation) async throws {
        let action = expectation.action
        let included = action.appliesTo.includedResources
        for (name, sample) in try Samples.all() {
            guard included.isEmpty || included.contains(Self.resource(of: sample)) else {
                #expect(!expectation.changed.contains(name), "\(action.name) is never asked about \(name)")
                continue
            }
            let once = try await action.restored(sample)
            let isChanged = once.serialized() != cleaned(sample).serialized()
            #expect(isChanged == expectation.changed.contains(name), "\(action.name) and \(name)")
            // What is restored is what the next backup holds, but for the status.
            var again = once
            again["status"] = sample["status"]
            #expect(try await action.restored(again) == once, "\(action.name) twice on \(name)")
        }
    }
}
