public import GodwitModel
public import GodwitPluginAPI

/// Removes all node ports of Services, so that the cluster allocates others.
///
/// A restore keeps the node ports that a user chose, as Velero does. Beside the original, in the same cluster, they are
/// taken; this is for such restores.
public struct NodePortRemoval: RestoreItemAction {
    /// `godwit.io/node-ports`
    public let name = "godwit.io/node-ports"
    /// Services.
    public let appliesTo = ResourceSelector(includedResources: ["services"])

    /// The action.
    public init() {}

    /// Removes the node ports, the one for health checks included.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard var spec = item["spec"]?.object else { return .restore(item) }
        spec["healthCheckNodePort"] = nil
        if let ports = spec["ports"]?.array {
            spec["ports"] = .array(
                ports.map { port in
                    guard port["nodePort"] != nil else { return port }
                    var port = port
                    port["nodePort"] = nil
                    return port
                })
        }
        var item = item
        item["spec"] = .object(spec)
        return .restore(item)
    }
}
