import CloudStorage
import Crypto
import GodwitPluginAPI
import HTTPTransport
import Streams

extension S3ObjectStore {
    /// Sees to it that an object of parts is protected as was asked for when its upload began: some servers forget it
    /// (Ceph 16, moto). Who may not look writes it once more, which changes nothing.
    ///
    /// - Parameter version: the one that the upload made; nil where the server does not say.
    func ensureLock(of key: String, version: String?, _ options: PutOptions, retry: RetryPolicy) async throws {
        try await retry.runRequest {
            let headers = try await self.lockHeaders(of: key, version: version)
            if let until = options.retainUntil, headers["x-amz-object-lock-mode"] == nil {
                let mode = (self.configuration.objectLock ?? .governance).rawValue
                try await self.setLock(
                    key, version, "retention",
                    "<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>\(mode)</Mode>"
                        + "<RetainUntilDate>\(ServiceDate.extended(until))</RetainUntilDate></Retention>")
            }
            if self.configuration.holds(options), headers["x-amz-object-lock-legal-hold"] == nil {
                try await self.setLock(
                    key, version, "legal-hold",
                    "<LegalHold xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>ON</Status></LegalHold>")
            }
        }
    }

    /// Takes an object that could not be protected away again, in a task that the cancellation of this one does not
    /// reach: nobody gets a put that fails and an object that stays. Where there is no version it is left, because a
    /// marker of its deletion would hide what was there before.
    ///
    /// - Returns: what to throw.
    func withdraw(_ key: String, version: String?, after error: any Error) async -> any Error {
        let isGone =
            await Task.detached {
                guard let version else { return false }
                var request = StoreRequest("DELETE", "put", key: key)
                request.query = [("versionId", version)]
                request.timeouts = HTTPTimeouts(connect: .seconds(5), idle: .seconds(10), total: .seconds(10))
                do {
                    try await RetryPolicy(attempts: 3, base: .milliseconds(200), cap: .seconds(1)).runRequest {
                        [request] in _ = try await self.connection.perform(request)
                    }
                    return true
                } catch {
                    return false
                }
            }.value
        guard !isGone, let error = error as? ObjectStoreError else { return error }
        let reason = [error.reason, "the object is stored without its lock"].compactMap { $0 }.joined(separator: "; ")
        return ObjectStoreError(
            error.kind, operation: error.operation, key: error.key, store: error.store, reason: reason,
            retryAfter: error.retryAfter)
    }

    private func lockHeaders(of key: String, version: String?) async throws -> HTTPHeaders {
        do {
            return try await headers(of: key, "put", version: version) ?? [:]
        } catch let error as ObjectStoreError where error.kind == .accessDenied && version != nil {
            // To look at a version is another permission than to look at an object.
            return [:]
        }
    }

    private func setLock(_ key: String, _ version: String?, _ what: String, _ text: String) async throws {
        var request = StoreRequest("PUT", "put", key: key)
        request.query = [(what, "")]
        if let version { request.query.append(("versionId", version)) }
        request.headers["Content-Type"] = "application/xml"
        request.body = Array(text.utf8)
        request.headers["Content-MD5"] = Insecure.MD5.base64(of: Array(text.utf8))
        _ = try await connection.perform(request)
    }
}
