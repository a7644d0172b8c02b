import GodwitModel

/// The order in which resources are backed up, and which of two that show the same objects is taken.
enum BackupOrder {
    /// Pods, claims and volumes first, as Velero has it, so that they are read close together; then the core group, then
    /// the other groups; namespaces last, because which of them are in may depend on what was found.
    static func sorted(_ resources: [APIResource]) -> [APIResource] {
        resources.sorted { rank($0.groupResource) < rank($1.groupResource) }
    }

    private static func rank(_ resource: GroupResource) -> (Int, String, String) {
        let place =
            switch resource {
            case .pods: 0
            case .persistentVolumeClaims: 1
            case .persistentVolumes: 2
            case .namespaces: 5
            default: resource.group.isEmpty ? 3 : 4
            }
        return (place, resource.group, resource.resource)
    }

    /// Resources that several groups serve with the same objects behind them; the first that takes part counts.
    private static let cohabitation: [String: [String]] = [
        "deployments": ["apps", "extensions"],
        "daemonsets": ["apps", "extensions"],
        "replicasets": ["apps", "extensions"],
        "networkpolicies": ["networking.k8s.io", "extensions"],
        "ingresses": ["networking.k8s.io", "extensions"],
        "podsecuritypolicies": ["policy", "extensions"],
        "events": ["", "events.k8s.io"],
    ]

    /// The resource under which the same objects are read already.
    static func twin(of resource: GroupResource, among taken: Set<GroupResource>) -> GroupResource? {
        guard let groups = cohabitation[resource.resource], let own = groups.firstIndex(of: resource.group) else {
            return nil
        }
        return groups[..<own].map { GroupResource(group: $0, resource: resource.resource) }.first(where: taken.contains)
    }

    /// Groups that are part of Kubernetes itself, so that their resources have no definition among the objects.
    static let builtInGroups: Set<String> = [
        "", "apps", "autoscaling", "batch", "extensions", "policy", "admissionregistration.k8s.io",
        "apiextensions.k8s.io", "apiregistration.k8s.io", "authentication.k8s.io", "authorization.k8s.io",
        "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io",
        "flowcontrol.apiserver.k8s.io", "internal.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io",
        "rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io",
        "storagemigration.k8s.io",
    ]
}
