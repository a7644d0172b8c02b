public import GodwitModel
public import GodwitPluginAPI

/// Removes from a pod what the old cluster put into it: its node, its computed priority, and the token volumes of its
/// service account with their mounts. The new cluster puts in its own.
///
/// Ephemeral containers are removed with a warning: the API does not take a new pod with them.
public struct PodAction: RestoreItemAction {
    /// `godwit.io/pod`
    public let name = "godwit.io/pod"
    /// Pods.
    public let appliesTo = ResourceSelector(includedResources: ["pods"])

    /// The action.
    public init() {}

    /// Cleans the pod's spec.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard var spec = item["spec"], spec.object != nil else { return .restore(item) }
        spec["nodeName"] = nil
        spec["priority"] = nil
        let account = spec["serviceAccountName"]?.string ?? spec["serviceAccount"]?.string ?? "default"
        let tokens = Self.tokenVolumes(of: spec, account: account)
        if !tokens.isEmpty { Self.remove(tokens, from: &spec) }
        let debuggers = spec["ephemeralContainers"]?.array?.compactMap { $0["name"]?.string } ?? []
        spec["ephemeralContainers"] = nil
        var item = item
        item["spec"] = spec
        guard !debuggers.isEmpty else { return .restore(item) }
        let names = debuggers.joined(separator: ", ")
        return .restore(item, warnings: ["ephemeral containers cannot be restored and were left out: \(names)"])
    }

    private static func tokenVolumes(of spec: JSONValue, account: String) -> Set<String> {
        let volumes = spec["volumes"]?.array ?? []
        let tokens = volumes.filter { volume in
            let name = volume["name"]?.string ?? ""
            if volume["secret"] != nil { return TokenSecretName.isGenerated(name, for: account) }
            let sources = volume[path: "projected", "sources"]?.array ?? []
            return name.hasPrefix("kube-api-access-") && sources.contains { $0["serviceAccountToken"] != nil }
        }
        return Set(tokens.compactMap { $0["name"]?.string })
    }

    private static func remove(_ volumes: Set<String>, from spec: inout JSONValue) {
        spec.removeElements(of: "volumes") { volumes.contains($0["name"]?.string ?? "") }
        for list in ["containers", "initContainers"] {
            guard let containers = spec[list]?.array else { continue }
            spec[list] = .array(
                containers.map { container in
                    var container = container
                    container.removeElements(of: "volumeMounts") { volumes.contains($0["name"]?.string ?? "") }
                    return container
                })
        }
    }
}
