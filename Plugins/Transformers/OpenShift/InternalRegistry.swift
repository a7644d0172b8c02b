/// The registry that comes with OpenShift, by the names under which every cluster knows its own.
enum InternalRegistry {
    /// OpenShift 4's service, and OpenShift 3's; the address of the latter is of no use elsewhere.
    private static let hosts: Set<String> = [
        "image-registry.openshift-image-registry.svc", "image-registry.openshift-image-registry.svc.cluster.local",
        "docker-registry.default.svc", "docker-registry.default.svc.cluster.local",
    ]

    /// Whether an image is in the cluster's own registry.
    static func holds(_ image: String) -> Bool {
        let host = image.prefix { $0 != "/" }
        return host.count < image.count && hosts.contains(String(host.prefix { $0 != ":" }))
    }

    /// The image in another namespace, which is the first part of its path; nil where nothing changes.
    static func mapped(_ image: String, _ namespaces: [String: String]) -> String? {
        guard holds(image) else { return nil }
        var parts = image.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3, let target = namespaces[parts[1]] else { return nil }
        parts[1] = target
        return parts.joined(separator: "/")
    }
}
