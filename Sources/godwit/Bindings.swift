import GodwitModel
import KubernetesClient

/// The bindings of a cluster, for the action that brings a service account's rights into a backup.
enum Bindings {
    /// All ClusterRoleBindings and RoleBindings. Who may not list one of them gets a backup without it, as kubectl
    /// would show it; what was selected is not affected.
    static func all(in cluster: any Cluster) async throws -> [KubernetesObject] {
        let catalog = try await cluster.discover()
        var bindings: [KubernetesObject] = []
        for resource in [GroupResource.clusterRoleBindings, .roleBindings].compactMap({ catalog[$0] }) {
            do {
                for try await batch in cluster.list(resource, namespace: nil, options: ListOptions()) {
                    bindings += try batch.map { try KubernetesObject(parsing: $0.bytes) }
                }
            } catch let error as ClusterError where error.kind == .forbidden {
                continue
            }
        }
        return bindings
    }
}
