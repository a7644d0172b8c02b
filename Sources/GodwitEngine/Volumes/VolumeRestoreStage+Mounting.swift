import GodwitModel
import GodwitPluginAPI
import KubernetesClient

extension VolumeRestoreStage {
    /// Gives the claim's volume, once it has one: where it is, or where the kubelet mounts it meanwhile.
    func withVolume(
        of claim: ClaimName, _ body: (ClaimedVolume) async throws -> VolumeRestoreResult
    ) async throws -> VolumeRestoreResult {
        var volume = try await volume(of: claim)
        let cluster = context.request.cluster
        if try await isReachable(volume) || !cluster.capabilities.controlPlane { return try await body(volume) }
        let waits = volume.source == nil ? try await waitsForConsumer(volume.storageClass) : false
        if volume.source == nil, !waits {
            try await context.waiter.poll("claim '\(claim)' to be bound") {
                volume = try await self.volume(of: claim)
                return volume.source != nil
            }
            if try await isReachable(volume) { return try await body(volume) }
        }
        // A directory of another node no kubelet mounts here.
        guard settings.mover.mountingNode != nil, !["hostPath", "local"].contains(volume.source?.type) else {
            guard waits else { return try await body(volume) }
            throw VolumeDataError(
                "the claim gets its volume only when a pod uses it (storage class '\(volume.storageClass)')",
                advice:
                    "run godwit on a node of the cluster and give --kubelet-root, or restore it later with 'godwit volume restore'"
            )
        }
        guard !volume.isBlock else { throw VolumeDataError("it is a block device, which has no files") }
        var mounts = settings.mounts
        mounts.timeout = context.request.resourceTimeout
        let mount = ClaimMount(
            claim: claim, name: "godwit-fill-\(String(UInt64.random(in: 0...(.max)), radix: 36))",
            labels: ClaimMount.labels(of: ("restore", context.restore.name)), settings: mounts,
            cluster: ClusterObjects(cluster, context.catalog), mover: settings.mover)
        return try await with(mount, choosingNode: waits, body)
    }

    private func with(
        _ mount: ClaimMount, choosingNode: Bool, _ body: (ClaimedVolume) async throws -> VolumeRestoreResult
    ) async throws -> VolumeRestoreResult {
        let node = try await ClaimMount.node(of: settings.mover, in: mount.cluster)
        let result: Result<VolumeRestoreResult, any Error>
        do {
            if choosingNode {
                let choice: JSONValue = ["metadata": ["annotations": [ClaimMount.nodeAnnotation: .string(node)]]]
                _ = try await mount.cluster.patch(mount.claim.item, with: choice)
            }
            result = .success(try await body(try await mount.mount(on: node)))
        } catch {
            result = .failure(error)
        }
        await end(mount)
        return try result.get()
    }

    /// Removes the pod, also in a cancelled task. Workloads on other nodes wait for a volume that it holds.
    private func end(_ mount: ClaimMount) async {
        let recorder = recorder
        await Task {
            var left: String?
            do {
                try await mount.end()
                if !(try await mount.wait()).isEmpty { left = "it does not end" }
            } catch {
                left = error.advisedText.printable
            }
            guard let left else { return }
            recorder.warn(
                "pod '\(mount.name)', which had it mounted, may stay behind: \(left)", about: mount.claim.item)
        }.value
    }

    private func isReachable(_ volume: ClaimedVolume) async throws -> Bool {
        if case .reachable = try await settings.mover.reach(toRestore: volume) { return true }
        return false
    }
}
