import CloudStorage
import Foundation
import GodwitPluginAPI
import HTTPTransport
import Streams

extension AzureObjectStore {
    /// Up to this size Azure computes the checksum of a range.
    private static let checkedRange: Int64 = 4 << 20

    /// Looks at a blob; nil when there is none.
    func headBlob(_ key: String, _ operation: String) async throws -> ObjectInfo? {
        guard let headers = try await headers(of: key, operation) else { return nil }
        guard let size = headers["Content-Length"].flatMap(Int64.init) else {
            let request = StoreRequest("HEAD", operation, key: key)
            throw request.error(.unavailable, "the answer does not say how long the blob is", store: description)
        }
        return ObjectInfo(key: key, size: size, headers: headers, isLocked: Self.isLocked(headers))
    }

    /// Whether a blob's own retention or hold keeps it; what a policy of its whole container keeps is not told of a blob.
    private static func isLocked(_ headers: HTTPHeaders) -> Bool {
        let until = headers["x-ms-immutability-policy-until-date"].flatMap(ServiceDate.parseHTTP)
        return headers["x-ms-legal-hold"]?.lowercased() == "true" || until.map { $0 > Date() } ?? false
    }

    /// The headers of a blob; nil when there is none.
    func headers(of key: String, _ operation: String) async throws -> HTTPHeaders? {
        let request = StoreRequest("HEAD", operation, key: key)
        do {
            let headers = try await connection.send(request).headers
            try request.requireETag(headers, store: description)
            return headers
        } catch let error as ObjectStoreError where error.kind == .notFound {
            return nil
        }
    }

    func getBlob(_ key: String, range: Range<Int64>?) async throws -> ObjectReader {
        var request = StoreRequest("GET", "get", key: key)
        if let range {
            try request.setRange(range, header: "x-ms-range", store: description)
            if range.isEmpty {
                return try await request.emptyRange(range, store: description) { try await headBlob(key, "get") }
            }
            if configuration.hasChecksums, range.upperBound - range.lowerBound <= Self.checkedRange {
                request.headers["x-ms-range-get-content-md5"] = "true"
            }
        }
        let response = try await connection.send(request)
        let extent = try request.extent(of: response, range, store: description)
        // Of a whole blob it is what its writer said; blobs of some writers have none.
        let isWhole = extent.skipped == 0 && (response.status == 206 || extent.length == extent.total)
        let md5 = configuration.hasChecksums && isWhole ? response.headers["Content-MD5"] : nil
        let body = CheckedBody(
            response.body, extent, verifier: md5.map { BodyVerifier(.md5($0)) }, request: request, store: description)
        return ObjectReader(
            info: ObjectInfo(key: key, size: extent.total, headers: response.headers),
            body: ByteStream { try await body.next() })
    }
}
