import CloudStorage
import Crypto
import GodwitPluginAPI
import HTTPTransport
import Streams

extension S3ObjectStore {
    /// Stores bytes by one request.
    ///
    /// - Parameter mark: of a conditional put, the same at each attempt; nil for one without condition.
    func putObject(
        _ key: String, _ bytes: [UInt8], _ options: PutOptions, mark: String?
    ) async throws -> ObjectInfo {
        var request = StoreRequest("PUT", "put", key: key)
        request.headers = configuration.storageHeaders(options)
        if let mark {
            request.headers["If-None-Match"] = "*"
            request.headers[Self.markHeader] = mark
        }
        try await addBody(bytes, to: &request)
        if configuration.isProtected(options) {
            // S3 demands a digest of the body with a lock.
            request.headers["Content-MD5"] = try await BlockingPool.shared.run {
                base64(Insecure.MD5.hash(data: bytes))
            }
        }
        do {
            let headers = try await connection.perform(request)
            try request.requireETag(headers, store: description)
            return ObjectInfo(key: key, size: Int64(bytes.count), headers: headers)
        } catch let error as ObjectStoreError where error.kind == .alreadyExists && mark != nil {
            guard let headers = try await headers(of: key, "put"), headers[Self.markHeader] == mark else { throw error }
            return ObjectInfo(key: key, size: Int64(bytes.count), headers: headers)
        }
    }

    /// Tells a conditional put's own object from another's. The transport sends a request again when a kept-alive
    /// connection ends before the answer, and a lost answer to a stream is retried; if the first one took effect, the
    /// second one finds the key taken, by itself.
    private static let markHeader = "x-amz-meta-godwit-put"

    /// Gives a request its body, with the checksum that is configured; what that is, is returned.
    @discardableResult
    func addBody(_ bytes: [UInt8], to request: inout StoreRequest) async throws -> String? {
        request.body = bytes
        guard let names = configuration.checksum.names else { return nil }
        let algorithm = configuration.checksum
        let value =
            bytes.count < 64 << 10
            ? algorithm.value(of: bytes) : try await BlockingPool.shared.run { algorithm.value(of: bytes) }
        request.headers[names.header] = value
        // AWS's SDKs send it too, and some servers look here for which of the headers to keep.
        request.headers["x-amz-sdk-checksum-algorithm"] = names.algorithm
        request.allowsUnsignedBody = true
        return value
    }
}
