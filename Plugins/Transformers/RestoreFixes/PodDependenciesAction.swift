public import GodwitModel
public import GodwitPluginAPI

/// Restores a pod's claims and priority class before it.
public struct PodDependenciesAction: RestoreItemAction {
    /// `godwit.io/pod-dependencies`
    public let name = "godwit.io/pod-dependencies"
    /// Pods.
    public let appliesTo = ResourceSelector(includedResources: ["pods"])

    private static let priorityClasses = GroupResource(group: "scheduling.k8s.io", resource: "priorityclasses")

    /// The action.
    public init() {}

    /// Names what the backup holds of them.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        let volumes = original[path: "spec", "volumes"]?.array ?? []
        var items = volumes.compactMap { volume in
            volume[path: "persistentVolumeClaim", "claimName"]?.string.map {
                ItemIdentity(resource: .persistentVolumeClaims, namespace: original.namespace, name: $0)
            }
        }
        if let priorityClass = original[path: "spec", "priorityClassName"]?.string, !priorityClass.isEmpty {
            items.append(ItemIdentity(resource: Self.priorityClasses, namespace: nil, name: priorityClass))
        }
        return .restore(item, additionalItems: items.filter(context.backupContains))
    }
}
