public import GodwitModel
public import GodwitPluginAPI

/// A ServiceAccount brings the bindings that give it rights, and their roles; on OpenShift also the security context
/// constraints that name it.
///
/// ClusterRoleBindings count wherever the account is a subject: as ServiceAccount, as the user
/// `system:serviceaccount:NAMESPACE:NAME`, or in the group of all accounts of its namespace. RoleBindings count in the
/// account's own namespace only, so that one namespace's backup does not reach into others.
public struct ServiceAccountBackupAction: BackupItemAction {
    /// `godwit.io/service-account`
    public let name = "godwit.io/service-account"
    /// ServiceAccounts.
    public let appliesTo = ResourceSelector(includedResources: ["serviceaccounts"])

    private let index: BindingIndex

    /// An action that reads all bindings once.
    ///
    /// - Parameter bindings: ClusterRoleBindings, RoleBindings and SecurityContextConstraints; anything else is ignored.
    public init(bindings: @escaping @Sendable () async throws -> [KubernetesObject]) {
        index = BindingIndex(bindings)
    }

    /// Names the account's bindings and roles.
    public func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
        guard let namespace = item.namespace else { return BackupItemOutcome() }
        let items = try await index.items(for: Subject.account(namespace: namespace, name: item.name))
            .union(index.items(for: .accounts(namespace: namespace)))
        return BackupItemOutcome(additionalItems: items.sorted())
    }
}

/// Whom a binding gives rights to, as far as ServiceAccounts are concerned.
enum Subject: Sendable, Hashable {
    case account(namespace: String, name: String)
    case accounts(namespace: String)

    /// Reads an element of `subjects`; nil for people and other groups.
    init?(_ subject: JSONValue) {
        let name = subject["name"]?.string ?? ""
        switch subject["kind"]?.string {
        case "ServiceAccount":
            self = .account(namespace: subject["namespace"]?.string ?? "", name: name)
        case "User":
            let parts = name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount" else { return nil }
            self = .account(namespace: parts[2], name: parts[3])
        case "Group":
            let parts = name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, parts[0] == "system", parts[1] == "serviceaccounts" else { return nil }
            self = .accounts(namespace: parts[2])
        default:
            return nil
        }
    }

    var namespace: String {
        switch self {
        case .account(let namespace, _), .accounts(let namespace): namespace
        }
    }
}

/// The bindings by subject, read when first asked for.
private actor BindingIndex {
    private let load: @Sendable () async throws -> [KubernetesObject]
    private var loading: Task<[Subject: Set<ItemIdentity>], any Error>?

    init(_ load: @escaping @Sendable () async throws -> [KubernetesObject]) { self.load = load }

    func items(for subject: Subject) async throws -> Set<ItemIdentity> {
        let task = loading ?? Task { [load] in Self.index(try await load()) }
        loading = task
        do {
            return try await task.value[subject] ?? []
        } catch {
            // A failure is the failure of the items that waited for it; the next one asks again.
            if loading == task { loading = nil }
            throw error
        }
    }

    private static func index(_ bindings: [KubernetesObject]) -> [Subject: Set<ItemIdentity>] {
        var index: [Subject: Set<ItemIdentity>] = [:]
        for binding in bindings {
            let items = identities(of: binding)
            guard !items.isEmpty else { continue }
            for subject in subjects(of: binding) {
                if binding.kind == "RoleBinding", subject.namespace != binding.namespace { continue }
                index[subject, default: []].formUnion(items)
            }
        }
        return index
    }

    private static func subjects(of binding: KubernetesObject) -> [Subject] {
        guard binding.kind == "SecurityContextConstraints" else {
            return (binding["subjects"]?.array ?? []).compactMap(Subject.init)
        }
        let users = (binding["users"]?.array ?? []).map { Subject(["kind": "User", "name": $0]) }
        let groups = (binding["groups"]?.array ?? []).map { Subject(["kind": "Group", "name": $0]) }
        return (users + groups).compactMap { $0 }
    }

    /// The binding and its role.
    private static func identities(of binding: KubernetesObject) -> [ItemIdentity] {
        let resource: GroupResource
        switch binding.kind {
        case "ClusterRoleBinding": resource = .clusterRoleBindings
        case "RoleBinding": resource = .roleBindings
        case "SecurityContextConstraints":
            resource = GroupResource(group: "security.openshift.io", resource: "securitycontextconstraints")
        default: return []
        }
        var items = [ItemIdentity(resource: resource, namespace: binding.namespace, name: binding.name)]
        guard let role = binding[path: "roleRef", "name"]?.string, !role.isEmpty else { return items }
        if binding[path: "roleRef", "kind"]?.string == "Role" {
            let roles = GroupResource(group: GroupResource.clusterRoles.group, resource: "roles")
            items.append(ItemIdentity(resource: roles, namespace: binding.namespace, name: role))
        } else {
            items.append(ItemIdentity(resource: .clusterRoles, namespace: nil, name: role))
        }
        return items
    }
}
