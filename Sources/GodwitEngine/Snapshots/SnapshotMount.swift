import GodwitModel
import GodwitPluginAPI

/// Shows the files of a snapshot of a claim on this machine, for as long as they are read: a claim is made whose data
/// source is the snapshot, and mounted. All of it, and the volume that the driver made, goes again.
struct SnapshotMount: Sendable {
    private let original: ClaimName
    private let mount: ClaimMount
    private let claims: any ClaimSnapshotter
    private let recorder: RunRecorder
    private var cluster: any ClusterAccess { mount.cluster }

    /// - Parameter backup: whose snapshot it is.
    init(
        of claim: ClaimName, backup: String, cluster: any ClusterAccess, claims: any ClaimSnapshotter,
        mover: any VolumeDataMover, settings: ClaimMountSettings, recorder: RunRecorder
    ) {
        original = claim
        let name = "godwit-move-\(String(UInt64.random(in: 0...(.max)), radix: 36))"
        mount = ClaimMount(
            claim: ClaimName(namespace: claim.namespace, name: name), name: name,
            labels: ClaimMount.labels(of: ("backup", backup)), settings: settings, cluster: cluster, mover: mover)
        self.claims = claims
        self.recorder = recorder
    }

    /// Mounts a snapshot and gives the directory to `body`.
    ///
    /// - Throws: ``VolumeDataError``, the snapshotter's and the cluster's errors when it cannot be mounted; then nothing of
    ///   it is left, or a warning names it. What `body` throws.
    func with(_ snapshot: ClaimSnapshot, _ body: (_ directory: String) async throws -> Void) async throws {
        let node = try await ClaimMount.node(of: mount.mover, in: cluster)
        do {
            try await body(try await directory(of: snapshot, on: node))
        } catch {
            await cleanUp()
            throw error
        }
        await cleanUp()
    }

    private func directory(of snapshot: ClaimSnapshot, on node: String) async throws -> String {
        guard let claim = try await cluster.get(original.item) else {
            throw VolumeDataError("claim '\(original)' is gone")
        }
        try await claims.provide(
            snapshot, as: mount.name, in: mount.claim.namespace, labels: mount.labels, timeout: mount.settings.timeout)
        let stand = claims.claim(self.claim(like: claim, on: node), from: snapshot, named: mount.name)
        _ = try await cluster.create(stand, as: .persistentVolumeClaims)
        let volume = try await mount.mount(on: node)
        if let foreign = try await cluster.foreignVolume(of: mount.claim) {
            throw VolumeDataError(
                "the cluster gave the claim that was made for it the volume '\(foreign.name)', which was there before",
                advice: "bind that volume to its claim, or delete it, and back up again")
        }
        switch try await mount.mover.reach(toBackUp: volume) {
        case .reachable(let directory, _): return directory
        case .unreachable(let reason): throw VolumeDataError(reason)
        }
    }

    /// A claim like the original one, for a volume that this node can mount.
    private func claim(like original: KubernetesObject, on node: String) -> KubernetesObject {
        var claim = KubernetesObject([
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": ["name": .string(mount.claim.name), "namespace": .string(mount.claim.namespace)],
        ])
        claim.labels = mount.labels
        claim.annotations = [ClaimMount.nodeAnnotation: node]
        for key in ["accessModes", "resources", "storageClassName", "volumeMode", "volumeAttributesClassName"] {
            if let value = original["spec"]?[key] { claim[path: "spec", key] = value }
        }
        return claim
    }

    /// Removes everything, also in a cancelled task. What does not go is named in a warning.
    private func cleanUp() async {
        await Task {
            do {
                try await removeObjects()
            } catch {
                let selector = ClaimMount.selector(mount.labels)
                recorder.warn(
                    "what mounted its snapshot may stay behind: \(error.advisedText.printable). It is found by 'kubectl get "
                        + "pods,pvc,volumesnapshots -n \(original.namespace) -l \(selector)'", about: original.item)
            }
        }.value
    }

    /// The claim, if it is there. A volume that a driver has begun to make would otherwise come when nobody looks.
    private func boundClaim() async throws -> KubernetesObject? {
        let deadline = ContinuousClock.now + min(mount.settings.timeout, .seconds(30))
        while true {
            let claim = try await cluster.get(mount.claim.item)
            let isBound = claim?[path: "spec", "volumeName"]?.string?.isEmpty == false
            guard claim != nil, !isBound, ContinuousClock.now < deadline else { return claim }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Removes what there is, one after the other whatever becomes of the others.
    ///
    /// - Throws: the first reason why something did not go.
    private func removeObjects() async throws {
        var failures: [any Error] = []
        func attempt(_ step: () async throws -> Void) async {
            do { try await step() } catch { failures.append(error) }
        }
        var volumes: [ItemIdentity] = []
        await attempt { try await mount.end() }
        await attempt {
            guard let claim = try await boundClaim() else { return }
            guard let name = claim[path: "spec", "volumeName"]?.string, !name.isEmpty else {
                throw VolumeDataError(
                    "claim '\(mount.claim)' has no volume yet, and one that its driver still makes may come without it, "
                        + "most likely as 'pvc-\(claim[path: "metadata", "uid"]?.string ?? "")'")
            }
            let volume = ItemIdentity(resource: .persistentVolumes, namespace: nil, name: name)
            guard try await cluster.get(volume) != nil else { return }
            if let foreign = try await cluster.foreignVolume(of: mount.claim) {
                // Somebody's volume, which must not go with the claim.
                _ = try await cluster.patch(volume, with: ["spec": ["persistentVolumeReclaimPolicy": "Retain"]])
                throw VolumeDataError(
                    "volume '\(foreign.name)', which was there before, was bound to it and is released now",
                    advice: "remove its claimRef to make it available again")
            }
            // Whatever the class says of volumes: of this one nobody knows.
            _ = try await cluster.patch(volume, with: ["spec": ["persistentVolumeReclaimPolicy": "Delete"]])
            volumes.append(volume)
        }
        // The cluster keeps it until the pod has ended.
        await attempt { try await cluster.delete(mount.claim.item) }
        await attempt {
            // Many storages delete no snapshot of which there is a volume.
            let left = try await mount.wait(for: [mount.claim.item] + volumes)
            guard left.isEmpty else {
                throw VolumeDataError("\(left.map(\.description).joined(separator: ", ")) did not go in time")
            }
        }
        await attempt { try await claims.withdraw(mount.name, in: mount.claim.namespace) }
        if let failure = failures.first { throw failure }
    }
}
