import GodwitModel

/// The labels of nodes that a namespace asks for on behalf of all its pods.
///
/// Admission writes them into every pod of the namespace. With its last label the annotation goes, and the namespace gets
/// what the cluster gives to any; an empty one asks for nothing, also where the cluster has a default, and stays.
///
/// Sources: OpenShift's projects, and the admission plugin PodNodeSelector of Kubernetes. Both write `key=value,…`.
struct NamespaceNodeSelector {
    let labels: [Glob]

    private static let annotations = ["openshift.io/node-selector", "scheduler.alpha.kubernetes.io/node-selector"]

    /// Removes what asks for the labels from a Namespace.
    func remove(from namespace: inout KubernetesObject) {
        for annotation in Self.annotations {
            guard let selector = namespace[path: "metadata", "annotations", annotation]?.string else { continue }
            let terms = selector.split(separator: ",")
            let kept = terms.filter { !labels.matches(Self.key(of: $0)) }
            guard kept.count < terms.count else { continue }
            // With the last one goes the map.
            namespace.annotations[annotation] = kept.isEmpty ? nil : kept.joined(separator: ",")
        }
    }

    private static func key(of term: Substring) -> String {
        let key = term.prefix { $0 != "=" }.drop { $0 == " " }
        return String(key.prefix { $0 != " " })
    }
}
