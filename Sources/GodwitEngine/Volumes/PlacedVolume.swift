import GodwitModel

/// What a PersistentVolume stands for, to be compared with others'.
struct PlacedVolume: Sendable {
    let name: String
    let source: VolumeSource
    let nodes: Set<String>
    /// The claim that it is bound to or reserved for.
    let claim: ClaimName?

    init?(_ volume: KubernetesObject) {
        guard let source = VolumeSource(volume) else { return nil }
        name = volume.name
        self.source = source
        nodes = ClaimedVolume.hosts(volume)
        claim = volume.volumeHolder
    }

    /// Whether both stand for the same storage, or one of both is a directory that is in the other.
    func overlaps(_ other: ClaimedVolume) -> Bool {
        guard let place = other.source else { return false }
        guard !source.path.isEmpty, !place.path.isEmpty else {
            return !source.identity.isEmpty && source.identity == place.identity
        }
        // A hostPath and a local volume are both directories of a node; of which one need not be said.
        let isOnNode = ["hostPath", "local"].contains(source.type) && ["hostPath", "local"].contains(place.type)
        guard isOnNode || (source.type == place.type && source.server == place.server) else { return false }
        if isOnNode, !nodes.isEmpty, !other.nodes.isEmpty, nodes.isDisjoint(with: other.nodes) { return false }
        let (own, others) = (source.path.split(separator: "/"), place.path.split(separator: "/"))
        return own.starts(with: others) || others.starts(with: own)
    }
}
