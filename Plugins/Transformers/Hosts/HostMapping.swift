import FieldPaths
public import GodwitModel
public import GodwitPluginAPI

/// Moves the host names under which workloads are reached: those of Ingresses and Routes, of the listeners of Gateways,
/// and of the routes of Gateway API with the hosts that they redirect to, and the hosts that their TLS is for.
///
/// Certificates stay as they are: a Secret that is not for the new host is the user's to replace. So do names in
/// annotations, environment variables and ConfigMaps, where nobody can tell a host from other text.
public struct HostMapping: RestoreItemAction {
    /// `godwit.io/host-mapping`
    public let name = "godwit.io/host-mapping"
    /// Ingresses, Routes, Gateways and their routes.
    public let appliesTo = ResourceSelector(includedResources: [
        "ingresses.networking.k8s.io", "ingresses.extensions", "routes.route.openshift.io",
        "gateways.gateway.networking.k8s.io", "httproutes.gateway.networking.k8s.io",
        "grpcroutes.gateway.networking.k8s.io", "tlsroutes.gateway.networking.k8s.io",
    ])
    /// What becomes of a host.
    public let rules: HostRules

    private static let ingress: [FieldPath] = ["spec.rules[*].host", "spec.tls[*].hosts[*]"]
    private static let route: [FieldPath] = ["spec.hostnames[*]"]

    private static let places: [GroupKind: [FieldPath]] = [
        GroupKind("networking.k8s.io", "Ingress"): ingress,
        GroupKind("extensions", "Ingress"): ingress,
        GroupKind("route.openshift.io", "Route"): ["spec.host"],
        GroupKind("gateway.networking.k8s.io", "Gateway"): ["spec.listeners[*].hostname"],
        GroupKind("gateway.networking.k8s.io", "HTTPRoute"): route + [
            "spec.rules[*].filters[*].requestRedirect.hostname",
            "spec.rules[*].backendRefs[*].filters[*].requestRedirect.hostname",
        ],
        GroupKind("gateway.networking.k8s.io", "GRPCRoute"): route,
        GroupKind("gateway.networking.k8s.io", "TLSRoute"): route,
    ]

    /// Maps hosts by rules.
    public init(rules: HostRules) { self.rules = rules }

    /// Changes the hosts of the object.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        for path in Self.places[GroupKind(of: item)] ?? [] {
            path.update(&item) { host in
                if let name = host.string { host = .string(rules.mapped(name)) }
            }
        }
        return .restore(item)
    }
}
