import CloudStorage
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import Streams

extension GCSObjectStore {
    /// The resource of an object; nil when there is none.
    func resource(of key: String, _ operation: String) async throws -> JSONValue? {
        var request = StoreRequest("GET", operation, key: key)
        request.query = [("fields", Self.fields)]
        do {
            return try await connection.document(request)
        } catch let error as ObjectStoreError where error.kind == .notFound {
            try await connection.requireBucket(operation)
            return nil
        }
    }

    func getObject(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        var request = StoreRequest("GET", "get", key: key)
        request.query = [("alt", "media")]
        // As it is stored: the service would unpack what its writer has marked as packed.
        request.headers["Accept-Encoding"] = "gzip"
        if let range {
            guard range.lowerBound >= 0 else {
                throw request.error(.invalidRange, "it starts before the object", store: description)
            }
            if range.isEmpty { return try await emptyRange(request, key, at: range.lowerBound) }
            request.headers["Range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
        }
        let response: HTTPResponse
        do {
            response = try await connection.send(request)
        } catch let error as ObjectStoreError where error.kind == .notFound {
            try await connection.requireBucket("get")
            throw error
        }
        // A proxy or a captive portal has a page for everything.
        guard let generation = response.headers["x-goog-generation"] else {
            throw request.error(
                .unavailable, "the answer is not Cloud Storage's; is there such a service at the endpoint?",
                store: description)
        }
        let extent = try request.extent(of: response, range, store: description)
        let isWhole = extent.skipped == 0 && extent.length == extent.total
        let body = CheckedBody(
            response.body, extent, verifier: isWhole ? Self.verifier(of: response.headers) : nil, request: request,
            store: description)
        let info = ObjectInfo(
            key: key, size: extent.total, modified: response.headers["Last-Modified"].flatMap(ServiceDate.parseHTTP),
            etag: generation)
        return ObjectReader(info: info, body: ByteStream { try await body.next() })
    }

    /// What holds a whole object against its checksum: `x-goog-hash: crc32c=…,md5=…`, in one field or in several.
    private static func verifier(of headers: HTTPHeaders) -> BodyVerifier? {
        let hashes = headers.values("x-goog-hash").flatMap { $0.split(separator: ",") }
        let crc = hashes.first { $0.drop { $0 == " " }.hasPrefix("crc32c=") }
        return crc.map { BodyVerifier(.crc32c(String($0.drop { $0 == " " }.dropFirst("crc32c=".count)))) }
    }

    /// HTTP has no empty range, so the object is looked at instead.
    private func emptyRange(_ request: StoreRequest, _ key: String, at start: Int64) async throws -> ObjectReader {
        guard let document = try await resource(of: key, "get") else {
            throw ObjectStoreError(.notFound, operation: "get", key: key, store: description)
        }
        let info = try info(document, request)
        guard start < info.size else {
            throw request.error(
                .invalidRange, "it has \(info.size) bytes, asked was from \(start) on", store: description)
        }
        return ObjectReader(info: info, body: ByteStream { nil })
    }
}
