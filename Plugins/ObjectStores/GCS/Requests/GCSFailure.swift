import CloudStorage
import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport

/// What an answer of 300 and above says.
///
/// Source: "HTTP status and error codes for JSON", Cloud Storage.
struct GCSFailure: Sendable {
    let status: Int
    /// The reason's code: `notFound`.
    let code: String?
    let message: String?
    private let retryAfter: Duration?

    init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
        let error = (try? JSONValue(parsing: body))?["error"]
        self.status = status
        code = error?["errors"]?.array?.first?["reason"]?.string
        // Uploads and downloads may answer in plain words.
        let isText = headers["Content-Type"]?.hasPrefix("text/plain") ?? false
        let text = isText ? String(decoding: body.prefix(500), as: UTF8.self) : nil
        message = error?["message"]?.string ?? text.flatMap { $0.isEmpty ? nil : $0 }
        retryAfter = headers.retryAfter
    }

    /// The failure in the words of ``ObjectStoreError``.
    func error(_ request: StoreRequest, store: String) -> ObjectStoreError {
        let reason = [code, message].compactMap { $0 }.joined(separator: ": ")
        return request.error(
            kind, reason.isEmpty ? "HTTP \(status)" : reason, store: store, retryAfter: retryAfter)
    }

    /// The class of the failure, by the code where that says more than the status.
    var kind: ObjectStoreError.Kind {
        switch code {
        case "retentionPolicyNotMet", "objectUnderActiveHold": return .locked
        case "rateLimitExceeded", "userRateLimitExceeded": return .throttled
        case "userProjectMissing", "userProjectInvalid", "userProjectInconsistent", "badRequestException",
            "kmsKeyNotFound", "objectRetentionNotEnabled":
            return .invalidConfiguration
        default: break
        }
        if status == 403, saysLocked { return .locked }
        // "Provided CRC32C … doesn't match calculated CRC32C …": it has no reason of its own.
        if status == 400, message?.contains("match calculated") == true { return .corrupted }
        return switch status {
        case 404 where saysBucket: .bucketNotFound
        case 410: .other(code: "SessionGone")
        case 304: .alreadyExists
        default: .init(status: status, code: code)
        }
    }

    private var saysBucket: Bool { message?.lowercased().contains("bucket does not exist") ?? false }

    private var saysLocked: Bool {
        guard let message = message?.lowercased() else { return false }
        // "… does not have storage.objects.setRetention access …, Permission '…' denied": that is about who asks.
        if message.contains("does not have") || message.contains("permission '") { return false }
        return message.contains("retention") || message.contains("hold")
    }
}
