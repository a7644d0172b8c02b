import GodwitModel
import KubernetesClient

/// The bindings of a cluster, and OpenShift's security context constraints, for the action that brings a service account's rights into a backup.
enum Bindings {
    /// All ClusterRoleBindings, RoleBindings and SecurityContextConstraints. Who may not list one of them gets a backup without it, as kubectl
    /// would show it; what was selected is not affected.
    static func all(in cluster: any Cluster) async throws -> [KubernetesObject] {
        var bindings: [KubernetesObject] = []
        for resource in resources {
            do {
                for try await batch in cluster.list(resource, namespace: nil, options: ListOptions()) {
                    bindings += try batch.map { try KubernetesObject(parsing: $0.bytes) }
                }
            } catch let error as ClusterError where error.kind == .forbidden || error.kind == .notFound {
                // A server without RBAC has no bindings, and only OpenShift has constraints.
                continue
            }
        }
        return bindings
    }

    /// Named here and not discovered: a discovery is dozens of requests, and every server since 1.8 serves bindings so.
    private static let resources = [
        (GroupResource.clusterRoleBindings, "ClusterRoleBinding", false), (.roleBindings, "RoleBinding", true),
        (
            GroupResource(group: "security.openshift.io", resource: "securitycontextconstraints"),
            "SecurityContextConstraints", false
        ),
    ].map { resource, kind, isNamespaced in
        APIResource(
            groupVersion: GroupVersion(group: resource.group, version: "v1"), plural: resource.resource,
            singular: kind.lowercased(), kind: kind, isNamespaced: isNamespaced, verbs: ["list"])
    }
}
