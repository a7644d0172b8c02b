import CloudStorage
public import Foundation
import GodwitPluginAPI
import HTTPTransport
import Streams

/// An upload that was begun and neither completed nor aborted.
public struct StaleUpload: Sendable, Hashable {
    /// The key.
    public let key: String
    /// When it was begun.
    public let initiated: Date
    let id: String
}

extension S3ObjectStore {
    /// Aborts uploads below a prefix that were begun longer ago than an age: what killed processes left, which costs
    /// storage and is in no listing. An upload that is under way looks the same, so choose an age beyond any upload's.
    ///
    /// - Returns: what was aborted.
    @discardableResult
    public func abortStaleUploads(prefix: String, olderThan age: Duration) async throws -> [StaleUpload] {
        let limit = Date().addingTimeInterval(-Double(age.components.seconds))
        var aborted: [StaleUpload] = []
        for upload in try await uploads(prefix: prefix) where upload.initiated <= limit {
            try await abortUpload(upload.key, upload.id, policy: configuration.retry.first)
            aborted.append(upload)
        }
        return aborted
    }

    /// All uploads below a prefix that are under way or were left.
    func uploads(prefix: String) async throws -> [StaleUpload] {
        var uploads: [StaleUpload] = []
        var markers: [(name: String, value: String)] = []
        var pages: Set<[String]> = []
        while true {
            var request = StoreRequest("GET", "list", subject: prefix)
            // Without encoding-type: Ceph 16 encodes keys then, but does not say so as S3 does.
            request.query = [("uploads", ""), ("prefix", prefix)] + markers
            let page = try await connection.document(request, limit: 16 << 20)
            guard page.name == "ListMultipartUploadsResult" else {
                throw connection.error(
                    .unavailable, request, "the answer is no list of uploads; is there an S3 server at the endpoint?")
            }
            for upload in page.all("Upload") {
                guard let key = upload.text("Key"), let id = upload.text("UploadId"),
                    let initiated = upload.text("Initiated").flatMap(ServiceDate.parseExtended)
                else { throw connection.error(.unavailable, request, "the list of uploads cannot be read") }
                // Some servers pass over the prefix.
                if key.utf8.starts(with: prefix.utf8) {
                    uploads.append(StaleUpload(key: key, initiated: initiated, id: id))
                }
            }
            guard page.text("IsTruncated") == "true" else { return uploads }
            guard let key = page.text("NextKeyMarker"), !key.isEmpty else {
                throw connection.error(
                    .unavailable, request, "the list of uploads is cut and does not say where to go on")
            }
            markers = [("key-marker", key)]
            if let id = page.text("NextUploadIdMarker") { markers.append(("upload-id-marker", id)) }
            guard pages.insert(markers.map(\.value)).inserted else {
                throw connection.error(.unavailable, request, "the list of uploads does not go on")
            }
        }
    }

    func abortUpload(_ key: String, _ id: String, policy: RetryPolicy) async throws {
        var request = StoreRequest("DELETE", "put", key: key)
        request.query = [("uploadId", id)]
        request.timeouts = HTTPTimeouts(connect: .seconds(5), idle: .seconds(10), total: .seconds(10))
        try await policy.runRequest { [request] in
            do {
                _ = try await connection.perform(request)
            } catch let error as ObjectStoreError
                where error.kind == .other(code: "NoSuchUpload") || error.kind == .notFound
            {
                // It is gone, which is what was wanted.
            }
        }
    }
}
