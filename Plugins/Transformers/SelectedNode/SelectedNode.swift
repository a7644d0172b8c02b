public import GodwitModel
public import GodwitPluginAPI

/// Lets claims be provisioned on other nodes than in the old cluster.
///
/// The scheduler writes its choice of node into an annotation of a claim whose class waits for the first consumer. A
/// restore removes the old choice; where the node is mapped, the claim is restored with the new node as the choice. As in
/// Velero's change-pvc-node-selector, which newer versions of Velero no longer have.
///
/// A node that the cluster does not have gives a warning: nothing would provision the volume.
public struct SelectedNode: RestoreItemAction {
    /// The annotation with which the scheduler tells the provisioner of its choice.
    public static let annotation = "volume.kubernetes.io/selected-node"

    /// `godwit.io/selected-node`
    public let name = "godwit.io/selected-node"
    /// Claims.
    public let appliesTo = ResourceSelector(includedResources: ["persistentvolumeclaims"])
    /// Node in the backup to node in the cluster.
    public let mapping: [String: String]

    /// Maps nodes by exact name.
    public init(mapping: [String: String]) { self.mapping = mapping }

    /// Names the new node, if the one in the backup is mapped.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard let old = original.annotations[Self.annotation], let new = mapping[old] else { return .restore(item) }
        var item = item
        item[path: "metadata", "annotations", Self.annotation] = .string(new)
        let node = ItemIdentity(resource: GroupResource(resource: "nodes"), namespace: nil, name: new)
        guard try await context.existing(node) == nil else { return .restore(item) }
        return .restore(
            item, warnings: ["node '\(new)', to which its provisioning was mapped, does not exist in the cluster"])
    }
}
