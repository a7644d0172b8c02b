import CloudStorage
import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport

/// What an answer of 300 and above says.
struct S3Failure: Sendable {
    let status: Int
    /// The store's code: `NoSuchKey`. nil where the answer has no body, as those to HEAD.
    let code: String?
    let message: String?
    /// The region that the bucket is in, where the answer names it.
    let region: String?
    /// The server's clock.
    let date: Date?
    let retryAfter: Duration?
    let requestID: String?

    init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
        let error = XMLElement.parse(body)?.first("Error")
        self.status = status
        code = error?.text("Code").flatMap { $0.isEmpty ? nil : $0 }
        message = error?.text("Message").flatMap { $0.isEmpty ? nil : $0 }
        region = headers["x-amz-bucket-region"] ?? error?.text("Region")
        date = headers["Date"].flatMap(ServiceDate.parseHTTP)
        retryAfter = headers.retryAfter
        requestID = headers["x-amz-request-id"] ?? error?.text("RequestId")
    }

    /// An error inside an answer that is itself a success.
    init(status: Int, document: XMLElement) {
        self.status = status
        code = document.text("Code").flatMap { $0.isEmpty ? nil : $0 }
        message = document.text("Message").flatMap { $0.isEmpty ? nil : $0 }
        requestID = document.text("RequestId")
        region = nil
        date = nil
        retryAfter = nil
    }

    /// The failure in the words of ``ObjectStoreError``.
    func error(_ request: StoreRequest, store: String) -> ObjectStoreError {
        request.error(kind, reason, store: store, retryAfter: retryAfter)
    }

    /// The class of the failure, by the code where there is one.
    var kind: ObjectStoreError.Kind {
        code.flatMap(kindOfCode) ?? .init(status: status, code: code)
    }

    private var reason: String {
        var parts = [code, message].compactMap { $0 }.joined(separator: ": ")
        if parts.isEmpty { parts = "HTTP \(status)" }
        return requestID.map { "\(parts) (request \($0))" } ?? parts
    }

    private func kindOfCode(_ code: String) -> ObjectStoreError.Kind? {
        switch code {
        case "NoSuchKey", "NoSuchVersion": .notFound
        case "NoSuchBucket": .bucketNotFound
        case "AccessDenied", "AllAccessDisabled", "AccountProblem", "Forbidden", "NotSignedUp":
            isAboutObjectLock ? .locked : .accessDenied
        case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired",
            "InvalidSecurity", "MissingSecurityHeader":
            .unauthenticated
        case "RequestTimeTooSkewed", "RequestExpired": .clockSkew
        case "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests",
            "RequestThrottled", "BandwidthLimitExceeded", "SlowDownRead", "SlowDownWrite":
            .throttled
        case "InternalError", "ServiceUnavailable", "OperationAborted", "ConditionalRequestConflict": .unavailable
        case "RequestTimeout", "IncompleteBody": .connection
        case "QuotaExceeded", "XMinioStorageFull", "InsufficientCapacity", "ServiceQuotaExceeded",
            "XMinioAdminBucketQuotaExceeded":
            .outOfSpace
        case "PreconditionFailed": .alreadyExists
        case "InvalidRange": .invalidRange
        case "KeyTooLongError", "InvalidURI", "XMinioInvalidObjectName": .invalidKey
        case "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch": .corrupted
        case "InvalidBucketName", "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException", "InvalidStorageClass", "InvalidLocationConstraint", "InvalidTag",
            "ObjectLockConfigurationNotFoundError", "InvalidEncryptionAlgorithmError":
            .invalidConfiguration
        case "InvalidRequest" where isAboutObjectLock: .invalidConfiguration
        case _ where code.hasPrefix("KMS."): .invalidConfiguration
        // What says no in a way that a status cannot: EntityTooLarge, InvalidObjectState, NoSuchUpload, …
        case _ where (400..<500).contains(status) && status != 429: .other(code: code)
        default: nil as ObjectStoreError.Kind?
        }
    }

    private var isAboutObjectLock: Bool {
        guard let message = message?.lowercased() else { return false }
        // "User … is not authorized to perform: s3:PutObjectRetention" is about what its speaker may.
        if message.contains("not authorized to perform") { return false }
        return message.contains("object lock") || message.contains("worm protected") || message.contains("retention")
    }
}
