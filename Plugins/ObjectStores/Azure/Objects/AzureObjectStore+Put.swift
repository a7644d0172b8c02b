import CloudStorage
import Crypto
import Foundation
import GodwitPluginAPI
import HTTPTransport
import Streams

extension AzureObjectStore {
    /// Tells the own blob of a put that is conditional or protects it from another's. The transport sends a request again
    /// when a kept-alive connection ends before the answer, and a lost answer is retried; if the first one took effect,
    /// the second one finds the name taken or protected, by itself.
    static let markHeader = "x-ms-meta-godwitput"

    /// The mark of a put; nil for one that may simply be repeated.
    func makeMark(_ options: PutOptions) -> String? {
        options.makeMark(isProtected: configuration.isProtected(options))
    }

    /// Stores bytes by one request.
    ///
    /// - Parameter mark: see ``makeMark(_:)``; the same at each attempt.
    func putBlob(
        _ key: String, _ bytes: [UInt8], _ options: PutOptions, mark: String?
    ) async throws -> ObjectInfo {
        var request = StoreRequest("PUT", "put", key: key)
        request.headers = configuration.storageHeaders(options)
        request.headers["x-ms-blob-type"] = "BlockBlob"
        request.headers["Content-Type"] = request.headers["x-ms-blob-content-type"]
        request.body = bytes
        // The service compares it, and keeps it with the blob.
        request.headers["Content-MD5"] = try await md5(of: bytes)
        return try await settle(request, key, options, size: Int64(bytes.count), mark: mark, retry: .none)
    }

    /// Sends the request that makes a blob appear, and answers for marked puts whose first answer was lost.
    ///
    /// - Parameters:
    ///   - mark: see ``makeMark(_:)``.
    ///   - retry: one attempt, where who calls tries again.
    func settle(
        _ request: StoreRequest, _ key: String, _ options: PutOptions, size: Int64, mark: String?, retry: RetryPolicy
    ) async throws -> ObjectInfo {
        var request = request
        if options.ifAbsent { request.headers["If-None-Match"] = "*" }
        request.headers[Self.markHeader] = mark
        return try await retry.runRequest { [request] in
            do {
                let headers = try await self.connection.perform(request)
                try request.requireETag(headers, store: self.description)
                return ObjectInfo(key: key, size: size, headers: headers)
            } catch let error as ObjectStoreError
                where mark != nil && (error.kind == .alreadyExists || error.kind == .locked)
            {
                guard let headers = try await self.headers(of: key, "put"), headers[Self.markHeader] == mark else {
                    throw error
                }
                return ObjectInfo(key: key, size: size, headers: headers)
            }
        }
    }

    /// MD5 in base64; nil when checksums are off.
    func md5(of bytes: [UInt8]) async throws -> String? {
        guard configuration.hasChecksums else { return nil }
        if bytes.count <= 64 << 10 { return Insecure.MD5.base64(of: bytes) }
        return try await BlockingPool.shared.run { Insecure.MD5.base64(of: bytes) }
    }
}

extension AzureConfiguration {
    /// The headers that say how a new blob is stored: those of Put Blob and Put Block List.
    func storageHeaders(_ options: PutOptions) -> HTTPHeaders {
        var headers: HTTPHeaders = ["x-ms-blob-content-type": options.contentType ?? "application/octet-stream"]
        headers["x-ms-access-tier"] = accessTier
        if let until = options.retainUntil {
            // Without a configured mode the container has no immutability; the service then refuses, which is better
            // than a blob that its writer believes to be protected.
            headers["x-ms-immutability-policy-until-date"] = ServiceDate.http(until)
            headers["x-ms-immutability-policy-mode"] = (immutability ?? .unlocked).rawValue
        }
        if holds(options) { headers["x-ms-legal-hold"] = "true" }
        return headers
    }
}
