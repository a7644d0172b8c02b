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

    /// Looks at an object; nil when there is none.
    func look(at key: String, _ operation: String) async throws -> ObjectInfo? {
        try await resource(of: key, operation).map { try info($0, StoreRequest("GET", operation, key: key)) }
    }

    func getObject(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        var request = StoreRequest("GET", "get", key: key)
        request.query = [("alt", "media")]
        // As it is stored: the service would unpack what its writer has marked as packed.
        request.headers["Accept-Encoding"] = "gzip"
        if let range {
            try request.setRange(range, store: description)
            if range.isEmpty {
                return try await request.emptyRange(range, store: description) { try await look(at: key, "get") }
            }
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
}
