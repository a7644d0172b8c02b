import FieldPaths
public import GodwitModel
public import GodwitPluginAPI

/// Restores the claims and the priority class of pods before them, and before the workloads that make pods: pods of a
/// controller are not restored, and those that it makes need both as well.
public struct PodDependenciesAction: RestoreItemAction {
    /// `godwit.io/pod-dependencies`
    public let name = "godwit.io/pod-dependencies"
    /// Pods and workload kinds.
    public let appliesTo = ResourceSelector(includedResources: PodSpecs.resources)

    private static let priorityClasses = GroupResource(group: "scheduling.k8s.io", resource: "priorityclasses")

    /// The action.
    public init() {}

    /// Names what the backup holds of them.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard let spec = PodSpecs.path(in: GroupKind(of: original)) else { return .restore(item) }
        func names(_ field: FieldPath) -> [String] {
            spec.appending(field).values(in: original).compactMap(\.string).filter { !$0.isEmpty }
        }
        let claims = names("volumes[*].persistentVolumeClaim.claimName").map {
            ItemIdentity(resource: .persistentVolumeClaims, namespace: original.namespace, name: $0)
        }
        let classes = names("priorityClassName").map {
            ItemIdentity(resource: Self.priorityClasses, namespace: nil, name: $0)
        }
        return .restore(item, additionalItems: (claims + classes).filter(context.backupContains))
    }
}
