public import GodwitModel

extension KubernetesCluster {
    /// Asks the server whether the user may do something (SelfSubjectAccessReview).
    ///
    /// - Parameters:
    ///   - verb: such as `list`.
    ///   - resource: the resource; its version does not matter.
    ///   - namespace: nil for all namespaces, and for cluster-scoped resources.
    /// - Throws: as all of ``Cluster``.
    public func mayI(_ verb: String, _ resource: GroupResource, namespace: String?) async throws -> Bool {
        var attributes: [String: JSONValue] = ["verb": .string(verb), "resource": .string(resource.resource)]
        if !resource.group.isEmpty { attributes["group"] = .string(resource.group) }
        if let namespace { attributes["namespace"] = .string(namespace) }
        let review: JSONValue = [
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": ["resourceAttributes": .object(attributes)],
        ]
        var request = APIRequest(
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            operation: "ask for the right to \(verb) \(resource)")
        request.method = "POST"
        request.body = review.serialized()
        return try await json(request)[path: "status", "allowed"]?.bool ?? false
    }
}
