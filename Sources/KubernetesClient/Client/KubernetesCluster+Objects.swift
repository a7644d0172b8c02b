public import GodwitModel

extension KubernetesCluster {
    /// Reads one object; nil when it does not exist.
    public func get(_ resource: APIResource, namespace: String?, name: String) async throws -> Item? {
        let path = ResourcePath(resource, namespace: namespace, name: name)
        do {
            return try await item(try request("GET", "read", path), resource)
        } catch let error as ClusterError where error.kind == .notFound {
            return nil
        }
    }

    /// Creates an object and gives it as the cluster stored it.
    public func create(
        _ resource: APIResource, namespace: String?, object: [UInt8], options: WriteOptions
    ) async throws -> Item {
        let metadata = try? ItemMetadata(scanning: object)
        let name = metadata.flatMap { $0.name.isEmpty ? nil : $0.name }
        let words = ResourcePath(resource, namespace: namespace ?? metadata?.namespace, name: name).words
        let collection = ResourcePath(resource, namespace: namespace)
        var request = try request("POST", "create", collection, words: words)
        add(options, to: &request)
        request.body = object
        // A generated name differs each time.
        request.repetition = name == nil ? .harmful : .harmless
        return try await item(request, resource)
    }

    /// Replaces an object and gives it as the cluster stored it.
    public func update(
        _ resource: APIResource, namespace: String?, name: String, object: [UInt8], subresource: String?,
        options: WriteOptions
    ) async throws -> Item {
        let path = ResourcePath(resource, namespace: namespace, name: name, subresource: subresource)
        var request = try request("PUT", "update", path)
        add(options, to: &request)
        request.body = object
        return try await item(request, resource)
    }

    /// Changes an object and gives it as the cluster stored it.
    public func patch(
        _ resource: APIResource, namespace: String?, name: String, patch: Patch, subresource: String?,
        options: WriteOptions
    ) async throws -> Item {
        let path = ResourcePath(resource, namespace: namespace, name: name, subresource: subresource)
        var request = try request("PATCH", "patch", path)
        add(options, to: &request)
        if patch.kind == .apply, options.force { request.query.add("force", "true") }
        request.contentType = patch.kind.rawValue
        request.body = patch.body
        request.repetition = patch.kind == .json ? .harmful : .harmless
        return try await item(request, resource)
    }

    /// Deletes an object.
    public func delete(
        _ resource: APIResource, namespace: String?, name: String, options: DeleteOptions
    ) async throws {
        var request = try request("DELETE", "delete", ResourcePath(resource, namespace: namespace, name: name))
        request.body = options.body.serialized()
        // Without a uid a second request could delete an object that somebody has just created anew.
        request.repetition = options.uid == nil ? .harmful : .harmless
        _ = try await connection.fetch(request)
    }

    private func request(
        _ method: String, _ verb: String, _ path: ResourcePath, words: String? = nil
    ) throws(ClusterError) -> APIRequest {
        let operation = "\(verb) \(words ?? path.words)"
        if path.resource.isNamespaced, path.namespace == nil {
            throw connection.error(.invalid, operation, "\(path.resource.kind) needs a namespace")
        }
        do {
            var request = APIRequest(try path.path(), operation: operation)
            request.method = method
            return request
        } catch {
            throw connection.error(.invalid, operation, "'\(PrintableText.cut(error.text, at: 100))' is not a name")
        }
    }

    private func add(_ options: WriteOptions, to request: inout APIRequest) {
        if options.isDryRun { request.query.add("dryRun", "All") }
        if !options.fieldManager.isEmpty { request.query.add("fieldManager", options.fieldManager) }
    }

    private func item(_ request: APIRequest, _ resource: APIResource) async throws -> Item {
        var request = request
        if resource.groupResource == .secrets { request.redaction = Redaction(body: request.body ?? []) }
        var (_, body) = try await connection.fetch(request)
        // Servers end an answer with a line break.
        while body.last == 0x0A { body.removeLast() }
        do {
            return Item(
                bytes: body, metadata: try ItemMetadata(scanning: body), resource: resource.groupResource)
        } catch {
            throw connection.error(.malformedAnswer, request.operation, error.description)
        }
    }
}

extension DeleteOptions {
    /// The meta/v1 DeleteOptions.
    fileprivate var body: JSONValue {
        var members: [String: JSONValue] = ["apiVersion": "v1", "kind": "DeleteOptions"]
        if let propagation { members["propagationPolicy"] = .string(propagation.rawValue) }
        if let gracePeriodSeconds { members["gracePeriodSeconds"] = .integer(Int64(gracePeriodSeconds)) }
        if isDryRun { members["dryRun"] = ["All"] }
        var preconditions: [String: JSONValue] = [:]
        if let uid { preconditions["uid"] = .string(uid) }
        if let resourceVersion { preconditions["resourceVersion"] = .string(resourceVersion) }
        if !preconditions.isEmpty { members["preconditions"] = .object(preconditions) }
        return .object(members)
    }
}
