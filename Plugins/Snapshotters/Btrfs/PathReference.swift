import GodwitModel

/// The directory that a PersistentVolume names, and the nodes that have it.
struct PathReference {
    var path: String
    let isHostPath: Bool
    /// By the node affinity; empty for any.
    let nodes: Set<String>

    /// The reference; nil when the volume is no directory of a node.
    init?(_ volume: KubernetesObject) {
        isHostPath = volume[path: "spec", "hostPath"] != nil
        let source = volume[path: "spec", isHostPath ? "hostPath" : "local"]
        guard let path = source?["path"]?.string, Self.isPath(path) else { return nil }
        self.path = path
        let terms = volume[path: "spec", "nodeAffinity", "required", "nodeSelectorTerms"]?.array ?? []
        let expressions = terms.flatMap { $0["matchExpressions"]?.array ?? [] }
        nodes = Set(
            expressions.filter { $0["key"]?.string == "kubernetes.io/hostname" && $0["operator"]?.string == "In" }
                .flatMap { $0["values"]?.array ?? [] }.compactMap(\.string))
    }

    /// Whether a text is an absolute path that goes nowhere but down.
    static func isPath(_ text: String) -> Bool {
        text.hasPrefix("/") && !text.utf8.contains(0) && text.utf8.count < 4096
            && !text.split(separator: "/").contains("..")
    }

    /// The PersistentVolume with this path in place of its own.
    func applied(to volume: KubernetesObject) -> KubernetesObject {
        var volume = volume
        volume[path: "spec", isHostPath ? "hostPath" : "local", "path"] = .string(path)
        return volume
    }
}
