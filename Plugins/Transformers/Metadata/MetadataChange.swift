import FieldPaths
public import GodwitModel
public import GodwitPluginAPI

/// Sets, renames and leaves out labels or annotations of everything that is restored.
///
/// Changed is the metadata of the objects themselves. Pod templates and selectors stay: a Service that selects by a label
/// would lose its pods without a word. For the same reason labels that selectors look at stay on what is selected:
///
/// - on pods, instances of virtual machines, ReplicaSets, ReplicationControllers, ControllerRevisions and EndpointSlices,
///   and on whatever a controller made. Restored without its owner, such an object is adopted by its labels, and one that
///   is not is made a second time.
/// - on Namespaces (network policies, admission webhooks, pod security), PersistentVolumes (claims), ClusterRoles
///   (aggregated ones), Services and Endpoints (proxies and monitoring).
///
/// These objects only get labels that they do not have. Entries that other parts of the restore add later, such as
/// Velero's labels, stay too.
public struct MetadataChange: RestoreItemAction {
    /// `godwit.io/labels` or `godwit.io/annotations`
    public var name: String { "godwit.io/\(rules.field.rawValue)" }
    /// Everything.
    public let appliesTo = ResourceSelector()
    /// What becomes of the entries.
    public let rules: MetadataRules

    /// Changes labels or annotations by rules.
    public init(rules: MetadataRules) { self.rules = rules }

    /// Changes the object's labels or annotations.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        let before = item[path: "metadata", rules.field.rawValue]?.object ?? [:]
        let isSelected = rules.field == .labels && Self.isSelected(original)
        let (after, taken) = isSelected ? (rules.supplementing(before), []) : rules.applied(to: before)
        let warnings = taken.map { "\($0) keeps its name: there is another \(rules.newName(of: $0))" }
        guard after != before else { return .restore(item, warnings: warnings) }
        var item = item
        item[path: "metadata", rules.field.rawValue] = after.isEmpty ? nil : .object(after)
        return .restore(item, warnings: warnings)
    }

    private static let selectedKinds: Set<GroupKind> = [
        GroupKind("", "Pod"), GroupKind("", "ReplicationController"), GroupKind("apps", "ReplicaSet"),
        GroupKind("extensions", "ReplicaSet"), GroupKind("apps", "ControllerRevision"),
        GroupKind("discovery.k8s.io", "EndpointSlice"), GroupKind("kubevirt.io", "VirtualMachineInstance"),
        GroupKind("", "Namespace"), GroupKind("", "PersistentVolume"), GroupKind("", "Service"),
        GroupKind("", "Endpoints"), GroupKind("rbac.authorization.k8s.io", "ClusterRole"),
        GroupKind("authorization.openshift.io", "ClusterRole"),
    ]

    /// Whether something finds the object by its labels.
    private static func isSelected(_ object: KubernetesObject) -> Bool {
        object.owners.contains(where: \.isController) || selectedKinds.contains(GroupKind(of: object))
    }
}
