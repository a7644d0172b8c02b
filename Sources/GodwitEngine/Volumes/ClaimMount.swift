import Foundation
import GodwitModel
import GodwitPluginAPI
import Streams

/// Has the kubelet of this node mount the volume of a claim, for as long as its files are read or written.
///
/// Only for a pod a kubelet mounts a volume. So there is a pod on this node that uses the claim and does nothing; when its
/// volume is mounted, the directory is below the kubelet's root, where the mover finds it.
struct ClaimMount: Sendable {
    /// The claim.
    let claim: ClaimName
    /// The pod's name.
    let name: String
    /// The pod's labels, by which it is found, and left out of backups.
    let labels: [String: String]
    let settings: ClaimMountSettings
    let cluster: any ClusterAccess
    let mover: any VolumeDataMover

    /// What the scheduler writes into a claim whose class waits for the first consumer. The pod does not ask the scheduler.
    static let nodeAnnotation = "volume.kubernetes.io/selected-node"

    /// The labels of what is made for a backup or restore and goes with its end.
    ///
    /// - Parameter owner: its kind, as in `velero.io/backup`, and its name.
    static func labels(of owner: (kind: String, name: String)) -> [String: String] {
        [
            "app.kubernetes.io/managed-by": "godwit", "velero.io/\(owner.kind)": LabelValue.valid(owner.name),
            NamespaceSelection.excludeLabel: "true",
        ]
    }

    /// What `kubectl -l` finds things with these labels by.
    static func selector(_ labels: [String: String]) -> String {
        labels.filter { $0.key != NamespaceSelection.excludeLabel }.map { "\($0.key)=\($0.value)" }.sorted()
            .joined(separator: ",")
    }

    private var identity: ItemIdentity {
        ItemIdentity(resource: .pods, namespace: claim.namespace, name: name)
    }

    /// What the cluster calls this machine.
    ///
    /// - Throws: ``VolumeDataError`` where no kubelet of this machine is known.
    static func node(of mover: any VolumeDataMover, in cluster: any ClusterAccess) async throws -> String {
        guard let node = mover.mountingNode else {
            throw VolumeDataError(
                "only a pod can mount it", advice: "run godwit on a node of the cluster and give --kubelet-root")
        }
        if try await cluster.get(ItemIdentity(resource: .nodes, namespace: nil, name: node)) != nil { return node }
        let nodes = try await cluster.list(.nodes, namespace: nil).map(\.name)
        guard let name = nodes.first(where: { VolumePlaces.isSameNode($0, node) }) else {
            throw VolumeDataError(
                "the cluster has no node '\(node)' whose kubelet could mount it",
                advice: "name this machine as the cluster does with --node")
        }
        return name
    }

    /// Mounts the volume.
    ///
    /// - Returns: the volume, with the pod among those that mount it.
    /// - Throws: ``VolumeDataError``, `ClusterError`.
    func mount(on node: String) async throws -> ClaimedVolume {
        _ = try await cluster.create(pod(on: node), as: .pods)
        let (claim, pod) = try await mounted()
        let name = claim[path: "spec", "volumeName"]?.string ?? ""
        let persistentVolume = try await cluster.get(
            ItemIdentity(resource: .persistentVolumes, namespace: nil, name: name))
        var volume = ClaimedVolume(claim: claim, volume: persistentVolume) ?? ClaimedVolume(claim: self.claim)
        volume.volumeName = name
        volume.pods = [
            ClaimedVolume.MountingPod(
                name: pod.name, uid: pod[path: "metadata", "uid"]?.string ?? "", node: node, wish: nil)
        ]
        return volume
    }

    /// Asks the pod to end. One that was never made has ended.
    func end() async throws { try await cluster.delete(identity) }

    /// Waits until objects are gone, the pod among them, and gives those that are not.
    func wait(for objects: [ItemIdentity] = []) async throws -> [ItemIdentity] {
        let polling = Polling(
            timeout: min(settings.timeout, .seconds(120)), firstPause: .milliseconds(50), longestPause: .seconds(1))
        var left = [identity] + objects
        _ = try await polling.until {
            var still: [ItemIdentity] = []
            for object in left where try await cluster.get(object) != nil { still.append(object) }
            left = still
            return left.isEmpty
        }
        return left
    }

    /// Waits until the kubelet has mounted the volume.
    private func mounted() async throws -> (claim: KubernetesObject, pod: KubernetesObject) {
        var isBound = false
        let mounted = try await Polling(timeout: settings.timeout).answer {
            let claim = try await required(claim.item)
            let pod = try await required(identity)
            isBound = claim[path: "status", "phase"] == "Bound"
            if isBound, pod.hasItsVolumes { return (claim, pod) }
            if pod[path: "status", "phase"] == "Failed" {
                let words = ["reason", "message"].compactMap { pod[path: "status", $0]?.string }
                throw VolumeDataError("the kubelet refuses pod '\(name)': \(words.joined(separator: ": ").printable)")
            }
            return nil as (KubernetesObject, KubernetesObject)?
        }
        if let mounted { return mounted }
        let event = try await lastWarning()
        throw VolumeDataError(
            "after \(settings.timeout.components.seconds) s "
                + (isBound ? "pod '\(name)' has not mounted it" : "claim '\(self.claim)' has no volume")
                + (event.map { ": \($0.printable)" } ?? "; no event says why"))
    }

    private func required(_ identity: ItemIdentity) async throws -> KubernetesObject {
        guard let object = try await cluster.get(identity) else {
            throw VolumeDataError("somebody has deleted \(identity)")
        }
        return object
    }

    /// What the cluster last complained of about the claim or the pod.
    private func lastWarning() async throws -> String? {
        let events = try await cluster.list(.events, namespace: claim.namespace).filter {
            $0[path: "type"] == "Warning" && [name, claim.name].contains($0[path: "involvedObject", "name"]?.string)
        }
        func time(_ event: KubernetesObject) -> String {
            event[path: "lastTimestamp"]?.string ?? event[path: "eventTime"]?.string ?? ""
        }
        return events.max { time($0) < time($1) }?[path: "message"]?.string
    }

    /// A pod that has the claim mounted and does nothing. It ends in a second, and is gone when the kubelet has unmounted
    /// the volume; without any time it would be gone before. It has no rights, and no group for its volumes: the kubelet would
    /// change the owner of their files for one that has.
    private func pod(on node: String) -> KubernetesObject {
        var pod = KubernetesObject([
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string(name), "namespace": .string(claim.namespace)],
            "spec": [
                "nodeName": .string(node), "automountServiceAccountToken": false, "enableServiceLinks": false,
                "terminationGracePeriodSeconds": 1, "tolerations": [["operator": "Exists"]],
                "securityContext": [
                    "runAsNonRoot": true, "runAsUser": 65535, "seccompProfile": ["type": "RuntimeDefault"],
                ],
                "volumes": [["name": "volume", "persistentVolumeClaim": ["claimName": .string(claim.name)]]],
                "containers": [
                    [
                        "name": "mount", "image": .string(settings.image),
                        "volumeMounts": [["name": "volume", "mountPath": "/volume"]],
                        "resources": [
                            "requests": ["cpu": "10m", "memory": "16Mi"], "limits": ["cpu": "100m", "memory": "64Mi"],
                        ],
                        "securityContext": ["allowPrivilegeEscalation": false, "capabilities": ["drop": ["ALL"]]],
                    ]
                ],
            ],
        ])
        pod.labels = labels
        return pod
    }
}

/// How volumes are mounted that no pod of this node uses.
public struct ClaimMountSettings: Sendable, Hashable {
    /// The image of the pods. Every cluster knows this one: kubelets start each pod with one like it.
    public var image = Self.standardImage
    /// How long it may take until a volume is mounted.
    public var timeout = Duration.seconds(600)

    /// The image that is used where no other is named.
    public static let standardImage = "registry.k8s.io/pause:3.10"

    /// The settings that suit most.
    public init() {}
}

extension KubernetesObject {
    /// Whether the kubelet has mounted a pod's volumes: it does so before it looks for the images of containers, so one
    /// that cannot be pulled does not matter.
    fileprivate var hasItsVolumes: Bool {
        if self[path: "status", "phase"] == "Running" { return true }
        let states = (self[path: "status", "containerStatuses"]?.array ?? []).compactMap { $0["state"] }
        return states.contains { state in
            if state["running"] != nil || state["terminated"] != nil { return true }
            guard let reason = state["waiting"]?["reason"]?.string else { return false }
            return reason != "ContainerCreating" && reason != "PodInitializing"
        }
    }
}
