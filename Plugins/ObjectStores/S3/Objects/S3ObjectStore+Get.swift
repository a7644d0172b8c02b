import CloudStorage
import GodwitPluginAPI
import HTTPTransport
import Streams

extension S3ObjectStore {
    /// Looks at an object; nil when there is none.
    func headObject(_ key: String, _ operation: String) async throws -> ObjectInfo? {
        guard let headers = try await headers(of: key, operation) else { return nil }
        guard let size = headers["Content-Length"].flatMap(Int64.init) else {
            let request = StoreRequest("HEAD", operation, key: key)
            throw connection.error(.unavailable, request, "the answer does not say how long the object is")
        }
        return ObjectInfo(key: key, size: size, headers: headers)
    }

    /// The headers of an object; nil when there is none.
    ///
    /// - Parameter version: nil for the newest.
    func headers(of key: String, _ operation: String, version: String? = nil) async throws -> HTTPHeaders? {
        var request = StoreRequest("HEAD", operation, key: key)
        if let version { request.query = [("versionId", version)] }
        configuration.addCustomerKey(&request.headers)
        do {
            let headers = try await connection.send(request).headers
            try request.requireETag(headers, store: description)
            return headers
        } catch let error as ObjectStoreError where error.kind == .notFound {
            // Answers to HEAD have no body to tell a missing key from a missing bucket.
            if !connection.bucketIsKnownToExist { try await requireBucket(operation) }
            return nil
        }
    }

    private func requireBucket(_ operation: String) async throws {
        do {
            _ = try await connection.send(StoreRequest("HEAD", operation))
        } catch let error as ObjectStoreError where error.kind == .notFound {
            throw ObjectStoreError(.bucketNotFound, operation: operation, store: description)
        } catch let error as ObjectStoreError where error.kind == .accessDenied {
            // Who may not list a bucket may still read and write in it.
        }
    }

    func getObject(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        var request = StoreRequest("GET", "get", key: key)
        configuration.addCustomerKey(&request.headers)
        // Of a part of an object no checksum is kept.
        if range == nil, configuration.checksum != .none { request.headers["x-amz-checksum-mode"] = "ENABLED" }
        if let range {
            try request.setRange(range, store: description)
            if range.isEmpty {
                return try await request.emptyRange(range, store: description) { try await headObject(key, "get") }
            }
        }
        let response = try await connection.send(request)
        try request.requireETag(response.headers, store: description)
        let extent = try request.extent(of: response, range, store: description)
        let info = ObjectInfo(key: key, size: extent.total, headers: response.headers)
        let verifier = range == nil ? configuration.verifier(of: response.headers) : nil
        let body = CheckedBody(response.body, extent, verifier: verifier, request: request, store: description)
        return ObjectReader(info: info, body: ByteStream { try await body.next() })
    }
}
