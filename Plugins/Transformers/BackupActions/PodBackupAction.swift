public import GodwitModel
public import GodwitPluginAPI

/// A pod brings its claims and its priority class.
public struct PodBackupAction: BackupItemAction {
    /// `godwit.io/pod`
    public let name = "godwit.io/pod"
    /// Pods.
    public let appliesTo = ResourceSelector(includedResources: ["pods"])

    private static let priorityClasses = GroupResource(group: "scheduling.k8s.io", resource: "priorityclasses")

    /// The action.
    public init() {}

    /// Names the pod's claims and priority class.
    public func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
        var items: [ItemIdentity] = []
        if let name = item[path: "spec", "priorityClassName"]?.string, !name.isEmpty {
            items.append(ItemIdentity(resource: Self.priorityClasses, namespace: nil, name: name))
        }
        for volume in item[path: "spec", "volumes"]?.array ?? [] {
            guard let claim = volume[path: "persistentVolumeClaim", "claimName"]?.string, !claim.isEmpty else {
                continue
            }
            items.append(ItemIdentity(resource: .persistentVolumeClaims, namespace: item.namespace, name: claim))
        }
        return BackupItemOutcome(additionalItems: items)
    }
}
