import GodwitModel
import KubernetesClient
import PluginConfiguration

/// The ConfigMaps of a cluster with which Velero's plugins are configured.
enum PluginConfigMaps {
    /// Reads those of the namespace that Velero is in.
    ///
    /// - Throws: ``MissingPluginConfigError`` when there are none: the namespace is another one.
    static func configuration(in cluster: any Cluster, namespace: String) async throws -> PluginConfiguration {
        let resource = APIResource(
            groupVersion: GroupVersion(apiVersion: "v1"), plural: "configmaps", kind: "ConfigMap", isNamespaced: true,
            verbs: ["list"])
        let options = ListOptions(labelSelector: LabelSelector([.exists(key: PluginConfiguration.label)]))
        var maps: [KubernetesObject] = []
        for try await batch in cluster.list(resource, namespace: namespace, options: options) {
            maps += try batch.map { try KubernetesObject(parsing: $0.bytes) }
        }
        let configuration = try PluginConfiguration(maps)
        guard configuration.isFound else { throw MissingPluginConfigError(namespace: namespace) }
        return configuration
    }
}

/// A namespace that was named has no ConfigMap of a plugin.
struct MissingPluginConfigError: AdvisedError, UsageError {
    let namespace: String
    var summary: String {
        let plugins = PluginConfiguration.plugins
        return "namespace '\(namespace)' has no ConfigMap with the labels \(PluginConfiguration.label) and "
            + "\(plugins.dropLast().joined(separator: ", ")) or \(plugins[plugins.count - 1])"
    }
    var reason: String? { nil }
    var advice: String? { "name the namespace that Velero is in, or leave out --plugin-config-namespace" }
}
