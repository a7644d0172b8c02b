import GodwitModel
import KubernetesClient

/// The bindings of a cluster, for the action that brings a service account's rights into a backup.
enum Bindings {
    /// All ClusterRoleBindings and RoleBindings. Who may not list one of them gets a backup without it, as kubectl
    /// would show it; what was selected is not affected.
    static func all(in cluster: any Cluster) async throws -> [KubernetesObject] {
        var bindings: [KubernetesObject] = []
        for resource in resources {
            do {
                for try await batch in cluster.list(resource, namespace: nil, options: ListOptions()) {
                    bindings += try batch.map { try KubernetesObject(parsing: $0.bytes) }
                }
            } catch let error as ClusterError where error.kind == .forbidden || error.kind == .notFound {
                // A server without RBAC has no bindings.
                continue
            }
        }
        return bindings
    }

    /// Named here and not discovered: a discovery is dozens of requests, and every server since 1.8 serves them so.
    private static let resources = [
        (GroupResource.clusterRoleBindings, "ClusterRoleBinding", false), (.roleBindings, "RoleBinding", true),
    ].map { resource, kind, isNamespaced in
        APIResource(
            groupVersion: GroupVersion(group: resource.group, version: "v1"), plural: resource.resource,
            singular: kind.lowercased(), kind: kind, isNamespaced: isNamespaced, verbs: ["list"])
    }
}
