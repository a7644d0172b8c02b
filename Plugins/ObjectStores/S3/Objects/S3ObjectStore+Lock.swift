import CloudStorage
import Crypto
import GodwitPluginAPI
import HTTPTransport
import Streams

extension S3ObjectStore {
    /// Sees to it that an object of parts is protected as was asked for when its upload began: some servers forget it
    /// (Ceph 16, moto). Who may not look writes it once more, which changes nothing.
    func ensureLock(of key: String, _ options: PutOptions) async throws {
        try await configuration.retry.runRequest {
            let headers = try await self.headers(of: key, "put") ?? [:]
            if let until = options.retainUntil, headers["x-amz-object-lock-mode"] == nil {
                let mode = (self.configuration.objectLock ?? .governance).rawValue
                try await self.setLock(
                    key, "retention",
                    "<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>\(mode)</Mode>"
                        + "<RetainUntilDate>\(ServiceDate.extended(until))</RetainUntilDate></Retention>")
            }
            if self.configuration.legalHold, headers["x-amz-object-lock-legal-hold"] == nil {
                try await self.setLock(
                    key, "legal-hold",
                    "<LegalHold xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>ON</Status></LegalHold>")
            }
        }
    }

    private func setLock(_ key: String, _ what: String, _ text: String) async throws {
        var request = StoreRequest("PUT", "put", key: key)
        request.query = [(what, "")]
        request.headers["Content-Type"] = "application/xml"
        request.body = Array(text.utf8)
        request.headers["Content-MD5"] = Insecure.MD5.base64(of: Array(text.utf8))
        _ = try await connection.perform(request)
    }
}
