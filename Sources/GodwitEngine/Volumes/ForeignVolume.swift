import GodwitModel
import GodwitPluginAPI

extension ClusterAccess {
    /// A claim's volume where it is older than the claim, so that it was not made for it; nil for one that was, and for
    /// none. A cluster binds a claim to any volume that is large enough and free, whatever the claim is to be made of.
    func foreignVolume(of claim: ClaimName) async throws -> KubernetesObject? {
        guard let claim = try await get(claim.item), let name = claim[path: "spec", "volumeName"]?.string,
            let volume = try await get(ItemIdentity(resource: .persistentVolumes, namespace: nil, name: name))
        else { return nil }
        return volume.isOlder(than: claim) ? volume : nil
    }
}

extension KubernetesObject {
    /// Whether it was made before another object of the same cluster.
    fileprivate func isOlder(than other: KubernetesObject) -> Bool {
        guard let own = self[path: "metadata", "creationTimestamp"]?.string,
            let others = other[path: "metadata", "creationTimestamp"]?.string
        else { return false }
        // Both in UTC, to the second.
        return own < others
    }
}
