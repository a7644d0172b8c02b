import GodwitModel
import KubernetesClient
import PluginConfiguration

/// The ConfigMaps of a cluster with which Velero's plugins are configured.
enum PluginConfigMaps {
    /// Reads those of the namespace that Velero is in.
    static func configuration(in cluster: any Cluster, namespace: String) async throws -> PluginConfiguration {
        let resource = APIResource(
            groupVersion: GroupVersion(apiVersion: "v1"), plural: "configmaps", kind: "ConfigMap", isNamespaced: true,
            verbs: ["list"])
        let options = ListOptions(labelSelector: LabelSelector([.exists(key: PluginConfiguration.label)]))
        var maps: [KubernetesObject] = []
        for try await batch in cluster.list(resource, namespace: namespace, options: options) {
            maps += try batch.map { try KubernetesObject(parsing: $0.bytes) }
        }
        return try PluginConfiguration(maps)
    }
}
