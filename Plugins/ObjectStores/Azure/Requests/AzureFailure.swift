import CloudStorage
import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport

/// What an answer of 300 and above says.
///
/// Source: "Blob Storage error codes", "Common REST API error codes".
struct AzureFailure: Sendable {
    let status: Int
    let code: String?
    let message: String?
    /// The service's clock.
    let date: Date?
    private let retryAfter: Duration?
    private let requestID: String?

    init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
        let error = XMLElement.parse(body)?.first("Error")
        self.status = status
        // Answers to HEAD have no body.
        code = headers["x-ms-error-code"] ?? error?.text("Code")
        // What follows the first line is the request's id and the time.
        message = (error?.text("Message")).flatMap { $0.split(whereSeparator: \.isNewline).first.map(String.init) }
        date = headers["Date"].flatMap(ServiceDate.parseHTTP)
        retryAfter = headers.retryAfter
        requestID = headers["x-ms-request-id"]
    }

    /// The failure in the words of ``ObjectStoreError``.
    func error(_ request: StoreRequest, store: String) -> ObjectStoreError {
        var reason = [code, message].compactMap { $0 }.joined(separator: ": ")
        if reason.isEmpty { reason = "HTTP \(status)" }
        if let requestID { reason += " (request \(requestID))" }
        // To write a blob takes nothing but its container.
        let kind = kind == .notFound && request.method == "PUT" ? .bucketNotFound : kind
        return request.error(kind, reason, store: store, retryAfter: retryAfter)
    }

    /// The class of the failure, by the code where there is one.
    var kind: ObjectStoreError.Kind { code.flatMap(Self.kindOfCode) ?? .init(status: status, code: code) }

    private static func kindOfCode(_ code: String) -> ObjectStoreError.Kind? {
        switch code {
        case "BlobNotFound", "ResourceNotFound": .notFound
        case "ContainerNotFound", "ContainerBeingDeleted", "ContainerDisabled": .bucketNotFound
        case "BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet": .alreadyExists
        case "InvalidRange": .invalidRange
        case "AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation": .unauthenticated
        case "AuthorizationFailure", "AuthorizationPermissionMismatch", "AuthorizationProtocolMismatch",
            "AuthorizationResourceTypeMismatch", "AuthorizationServiceMismatch", "AuthorizationSourceIPMismatch",
            "InsufficientAccountPermissions", "AccountIsDisabled", "PublicAccessNotPermitted",
            "KeyBasedAuthenticationNotPermitted", "UnauthorizedBlobOverwrite",
            "ReadOnlySecondaryWriteOperationNotAllowed":
            .accessDenied
        case "BlobImmutableDueToPolicy", "BlobImmutableDueToLegalHold", "LeaseIdMissing",
            "LeaseIdMismatchWithBlobOperation", "SnapshotsPresent":
            .locked
        case "Md5Mismatch", "Crc64Mismatch", "InvalidMd5": .corrupted
        case "ServerBusy": .throttled
        case "InternalError", "OperationTimedOut", "ContainerOperationFailure": .unavailable
        case "InvalidUri", "InvalidResourceName": .invalidKey
        case "InvalidHeaderValue", "UnsupportedHeader", "FeatureNotSupported", "FeatureVersionMismatch",
            "BlobAccessTierNotSupportedForAccountType", "ImmutabilityPolicyNotSupported", "InvalidBlobTier":
            .invalidConfiguration
        default: nil
        }
    }
}
