import ClaimMapping
import CronJobSuspension
import GodwitModel
import GodwitPluginAPI
import HostMapping
import ImageRegistry
import KubeVirt
import MetadataRules
import NamespaceMapping
import NodePorts
import OpenShift
import PodRequirements
import ReclaimPolicy
import Replicas
import RestoreFixes
import SecurityContextConstraints
import SelectedNode
import StorageClassMapping
import Testing

/// What holds for every action.
@Suite struct ActionPropertyTests {
    private static let kinds: [(String, String)] = [
        ("v1", "Pod"), ("v1", "Service"), ("v1", "Secret"), ("v1", "ServiceAccount"), ("v1", "PersistentVolume"),
        ("v1", "PersistentVolumeClaim"), ("v1", "ConfigMap"), ("v1", "Endpoints"), ("v1", "ResourceQuota"),
        ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("batch/v1", "Job"), ("batch/v1", "CronJob"),
        ("networking.k8s.io/v1", "NetworkPolicy"), ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"), ("apiregistration.k8s.io/v1", "APIService"),
        ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"), ("example.com/v1", "Widget"),
        ("route.openshift.io/v1", "Route"), ("apps.openshift.io/v1", "DeploymentConfig"),
        ("image.openshift.io/v1", "ImageStream"), ("build.openshift.io/v1", "BuildConfig"),
        ("kubevirt.io/v1", "VirtualMachine"), ("cdi.kubevirt.io/v1beta1", "DataVolume"),
        ("pool.kubevirt.io/v1alpha1", "VirtualMachinePool"), ("apps/v1", "DaemonSet"),
        ("networking.k8s.io/v1", "Ingress"), ("snapshot.storage.k8s.io/v1", "VolumeSnapshot"),
        ("v1", "Namespace"), ("snapshot.kubevirt.io/v1beta1", "VirtualMachineSnapshot"),
        ("snapshot.kubevirt.io/v1beta1", "VirtualMachineRestore"),
    ]

    private static func actions() throws -> [any RestoreItemAction] {
        RestoreFixes.all() + OpenShiftFixes.all().filter { !Self.skipsAll($0) } + KubeVirt.fixes()
            + [
                NamespaceMapping(mapping: ["a": "b"]), ReclaimPolicy(.restoreOriginal),
                StorageClassMapping(mapping: ["a": "b"]),
                HostMapping(rules: try HostRules(["a": "b"])), NodePortRemoval(), Replicas(.restoreOriginal),
                CronJobSuspension(.restoreOriginal), SelectedNode(mapping: ["a": "b"]), VirtualMachineState(),
                VirtualMachineState(.restoreOriginal), InternalRegistryAction(),
                ClaimMapping(mapping: [
                    ClaimName(namespace: "a", name: "b"): ClaimName(namespace: "a", name: "c")
                ]),
                SecurityContextConstraints(),
                PodRequirements(
                    rules: try PodRequirementRules(
                        nodeLabels: ["*"], taints: ["*"], priorityClasses: ["*"], serviceAccounts: ["*"])),
                MetadataChange(rules: try MetadataRules(.labels, dropping: ["a"])),
                MetadataChange(rules: try MetadataRules(.annotations, renaming: ["a": "b"])),
            ] + ImageRegistry.actions(rules: try ImageRegistryRules(["docker.io": "m.local"]))
    }

    /// Actions that leave out whatever they are asked about.
    private static func skipsAll(_ action: any RestoreItemAction) -> Bool {
        action is BuildAction || action is TemplateInstanceAction
    }

    /// Odd shapes of what actions look into: none may crash, and none may be changed.
    private static let oddities: [JSONValue] = [
        ["metadata": ["name": "x"]], ["metadata": ["name": "x"], "spec": [:]],
        ["metadata": ["name": "x"], "spec": "text"], ["metadata": ["name": "x"], "spec": [1, 2]],
        ["metadata": ["name": "x"], "spec": ["template": .null, "volumes": "none", "ports": 7, "containers": [:]]],
        [
            "metadata": ["name": "x", "annotations": .null, "labels": []], "data": 3, "subjects": "all",
            "webhooks": [:],
        ],
        ["metadata": ["name": "x"], "spec": ["claimRef": "c", "csi": [], "selector": 1, "versions": ["v1"]]],
    ]

    @Test(arguments: kinds)
    func objectsWithoutTheFieldsStay(apiVersion: String, kind: String) async throws {
        for action in try Self.actions() {
            for odd in Self.oddities {
                var object = KubernetesObject(odd)
                object["apiVersion"] = .string(apiVersion)
                object["kind"] = .string(kind)
                let outcome = try await action.execute(object, original: object, context: FakeRestoreContext())
                #expect(outcome == .restore(object), "\(action.name) changed \(kind)")
            }
        }
    }

    @Test func namesAreUniqueAndPrefixed() throws {
        let actions = try Self.actions()
        let names = Set(actions.map(\.name))
        // One action in two modes has one name.
        #expect(names.count == Set(actions.map { "\(type(of: $0)) \($0.name)" }).count)
        #expect(names.allSatisfy { $0.hasPrefix("godwit.io/") })
    }

    /// The engine compares an existing object after the same fixes, so they must come to rest.
    @Test func fixesAreIdempotent() async throws {
        let objects = [
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"},"spec":{"nodeName":"x","priority":1,
            "volumes":[{"name":"kube-api-access-x2x2x","projected":{"sources":[{"serviceAccountToken":{"path":"t"}}]}}],
            "containers":[{"name":"c","volumeMounts":[{"name":"kube-api-access-x2x2x","mountPath":"/v"}]}]}}
            """,
            """
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"s","namespace":"n"},"spec":{"type":"NodePort",
            "clusterIP":"10.0.0.1","ports":[{"port":80,"nodePort":30000}]}}
            """,
            """
            {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"n"},"spec":{"selector":{"matchLabels":
            {"controller-uid":"u"}},"template":{"metadata":{"labels":{"controller-uid":"u","a":"b"}}}}}
            """,
            """
            {"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"pv","annotations":
            {"pv.kubernetes.io/bound-by-controller":"yes"}},"spec":{"claimRef":{"name":"c","namespace":"n","uid":"u"}}}
            """,
        ]
        for text in objects {
            var once = try object(text)
            for action in RestoreFixes.all() { once = try await action.restored(once) }
            var twice = once
            for action in RestoreFixes.all() { twice = try await action.restored(twice) }
            #expect(once == twice)
            #expect(once != cleaned(try object(text)))
        }
    }
}
