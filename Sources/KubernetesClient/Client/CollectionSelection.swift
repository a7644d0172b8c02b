import GodwitModel

/// Which objects of a resource a listing or a watch is about.
struct CollectionSelection: Sendable {
    private let path: ResourcePath
    private let operation: String
    private let labels: LabelSelector?
    private let fields: String?

    /// - Parameter verb: what is done, for errors.
    init(_ verb: String, _ resource: APIResource, namespace: String?, labels: LabelSelector?, fields: String?) {
        path = ResourcePath(resource, namespace: namespace)
        operation = "\(verb) \(path.words)"
        self.labels = labels
        self.fields = fields
    }

    /// The request for them.
    func request(_ connection: APIConnection) throws(ClusterError) -> APIRequest {
        var request: APIRequest
        do {
            request = APIRequest(try path.path(), operation: operation)
        } catch {
            throw connection.error(.invalid, operation, "a name that cannot be one")
        }
        request.query.add("labelSelector", labels?.description)
        request.query.add("fieldSelector", fields)
        return request
    }
}
