public import GodwitModel
public import GodwitPluginAPI

/// Binds the service accounts of a restore to security context constraints that the cluster has already.
///
/// Constraints are OpenShift's own and shared by all namespaces: those of the old cluster must not replace them. Where
/// the cluster has them, they keep what they say, and get the service accounts that are restored and that the backup's
/// name among their users or groups, in the namespaces they are restored to. Where it has not, they are restored whole.
///
/// It comes after the namespace mapping, which looks at the names of the backup. Bindings by role, as OpenShift 4 makes
/// them, are RoleBindings and ClusterRoleBindings and are restored as such.
public struct SecurityContextConstraints: RestoreItemAction {
    /// `godwit.io/security-context-constraints`
    public let name = "godwit.io/security-context-constraints"
    /// SecurityContextConstraints.
    public let appliesTo = ResourceSelector(includedResources: ["securitycontextconstraints.security.openshift.io"])

    /// The action.
    public init() {}

    /// Adds the restored service accounts to what the cluster has.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard item.kind == "SecurityContextConstraints" else { return .restore(item) }
        let identity = ItemIdentity(
            resource: GroupResource(group: "security.openshift.io", resource: "securitycontextconstraints"),
            namespace: nil, name: original.name)
        guard let existing = try await context.existing(identity) else { return .restore(item) }
        var merged = existing
        merged["apiVersion"] = item["apiVersion"]
        merged["metadata"] = .object(
            (existing["metadata"]?.object ?? [:]).filter { ["name", "labels", "annotations"].contains($0.key) })
        let users = add("users", to: &merged, from: original, context)
        let groups = add("groups", to: &merged, from: original, context)
        guard [.none, .fail].contains(context.restore.spec.existingResourcePolicy), !(users + groups).isEmpty else {
            return .restore(merged)
        }
        return .restore(
            merged,
            warnings: [
                "the cluster's do not name \((users + groups).joined(separator: ", ")); "
                    + "--existing-resource-policy update adds them and leaves the rest"
            ])
    }

    /// - Returns: what was missing.
    private func add(
        _ list: String, to merged: inout KubernetesObject, from original: KubernetesObject,
        _ context: any RestoreContext
    ) -> [String] {
        let present = merged[list]?.array ?? []
        let restored = (original[list]?.array ?? []).compactMap { $0.string.flatMap { self.restored($0, context) } }
        let missing = restored.filter { !present.contains(.string($0)) }
        if !missing.isEmpty { merged[list] = .array(present + missing.map { .string($0) }) }
        return missing
    }

    /// The name in the cluster of a service account, or of all those of a namespace, that is restored.
    private func restored(_ name: String, _ context: any RestoreContext) -> String? {
        var parts = name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3, parts[0] == "system" else { return nil }
        let identity: ItemIdentity
        switch (parts[1], parts.count) {
        case ("serviceaccount", 4):
            identity = ItemIdentity(resource: .serviceAccounts, namespace: parts[2], name: parts[3])
        case ("serviceaccounts", 3):
            identity = ItemIdentity(resource: .namespaces, namespace: nil, name: parts[2])
        default: return nil
        }
        guard context.willRestore(identity) else { return nil }
        parts[2] = context.restore.spec.namespaceMapping[parts[2]] ?? parts[2]
        return parts.joined(separator: ":")
    }
}
