public import GodwitModel
public import GodwitPluginAPI

/// Removes a Service's addresses and ports that the old cluster allocated.
///
/// Cluster IPs go unless the Service is headless. Node ports go unless the restore preserves them or the user chose them:
/// then `kubectl.kubernetes.io/last-applied-configuration`, or without that annotation the managed fields, name them. The
/// same holds for the health-check node port of a load balancer with local traffic policy.
public struct ServiceAction: RestoreItemAction {
    /// `godwit.io/service`
    public let name = "godwit.io/service"
    /// Services.
    public let appliesTo = ResourceSelector(includedResources: ["services"])

    /// The action.
    public init() {}

    /// Removes what was allocated.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard var spec = item["spec"], spec.object != nil else { return .restore(item) }
        if spec["clusterIP"]?.string != "None" {
            spec["clusterIP"] = nil
            spec["clusterIPs"] = nil
        }
        var warnings: [String] = []
        if !context.restore.spec.preserveNodePorts {
            let chosen = ChosenNodePorts(original)
            if chosen.isUnreadable {
                warnings.append(
                    "the annotation \(ChosenNodePorts.lastApplied) is not JSON; no node port was taken as chosen by it")
            }
            Self.removeNodePorts(from: &spec, chosen)
            let isLocalBalancer =
                spec["type"]?.string == "LoadBalancer" && spec["externalTrafficPolicy"]?.string == "Local"
            if isLocalBalancer, !chosen.healthCheck { spec["healthCheckNodePort"] = nil }
        }
        var item = item
        item["spec"] = spec
        return .restore(item, warnings: warnings)
    }

    private static func removeNodePorts(from spec: inout JSONValue, _ chosen: ChosenNodePorts) {
        guard spec["type"]?.string != "ExternalName", let ports = spec["ports"]?.array else { return }
        spec["ports"] = .array(
            ports.map { port in
                guard port["nodePort"] != nil, !chosen.contains(port) else { return port }
                var port = port
                port["nodePort"] = nil
                return port
            })
    }
}
