import CloudStorage
import AWS
import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import Streams

/// Signs and sends requests of EC2's query API, and turns what is not success into errors.
///
/// Source: Amazon EC2 API reference, version 2016-11-15.
struct EC2Connection: Sendable {
    let configuration: EBSConfiguration
    let credentials: any CredentialsProvider
    let http: any HTTPClient
    let retry: RetryPolicy

    private static let version = "2016-11-15"
    /// Answers are about a handful of volumes or snapshots.
    private static let answerLimit = 4 << 20

    /// A request.
    struct Request: Sendable {
        /// Such as `DescribeVolumes`.
        let action: String
        /// In words that follow "cannot".
        let operation: String
        /// Names and values, not encoded.
        var parameters: [(name: String, value: String)] = []

        init(_ action: String, _ operation: String, _ parameters: [(name: String, value: String)] = []) {
            self.action = action
            self.operation = operation
            self.parameters = parameters
        }
    }

    var description: String {
        configuration.endpoint.map { "EBS at \($0.text)" } ?? "EBS in \(configuration.region)"
    }

    func error(_ kind: VolumeSnapshotError.Kind, _ operation: String, _ reason: String?) -> VolumeSnapshotError {
        VolumeSnapshotError(kind, operation: operation, storage: description, reason: reason)
    }

    /// Sends a request that may be sent again, and gives the answer.
    func send(_ request: Request) async throws -> XMLElement {
        try await retry.run(retryDelay: Self.delay) { _ in try await once(request) }
    }

    /// Sends a request one time, but for credentials that have just ended.
    func once(_ request: Request) async throws -> XMLElement {
        var hasRenewed = false
        while true {
            let (status, body) = try await attempt(request)
            let document = XMLElement.parse(body)
            if status == 200 {
                guard let document else {
                    throw error(.unavailable, request.operation, "the answer is not XML; is EC2 at the endpoint?")
                }
                return document
            }
            let failure = EC2Failure(status: status, document: document)
            guard failure.areCredentialsStale, !hasRenewed else {
                throw error(failure.kind, request.operation, failure.reason)
            }
            hasRenewed = true
            await credentials.invalidate()
        }
    }

    static func delay(_ error: any Error) -> Duration? {
        guard let error = error as? VolumeSnapshotError, error.isRetryable else { return nil }
        return error.kind == .throttled ? .seconds(1) : .zero
    }

    private func attempt(_ request: Request) async throws -> (status: Int, body: [UInt8]) {
        let credentials: AWSCredentials
        do {
            credentials = try await self.credentials.credentials()
        } catch let failure as CredentialsError {
            throw error(failure.isPassing ? .unavailable : .unauthenticated, request.operation, failure.reason)
        } catch let failure as HTTPTransportError {
            throw error(.connection, request.operation, failure.description)
        }
        let address = configuration.address
        let form = [(name: "Action", value: request.action), ("Version", Self.version)] + request.parameters
        let body = Array(SignatureV4.canonicalQuery(form).utf8)
        let date = Date()
        var headers: HTTPHeaders = [
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Host": address.authority,
            "x-amz-date": ServiceDate.basic(date),
        ]
        headers["x-amz-security-token"] = credentials.sessionToken
        let subject = SignatureV4.Subject(
            method: "POST", path: address.basePath + "/", query: [], headers: headers,
            payloadHash: SHA256Hash.hex(body))
        headers["Authorization"] = SignatureV4(region: configuration.region, service: "ec2", date: date)
            .authorization(subject, credentials)
        // The transport writes Host itself, from the URL.
        headers["Host"] = nil
        do {
            let response = try await http.send(
                HTTPRequest("POST", "\(address.text)/", headers: headers, body: .bytes(body)))
            return (response.status, try await response.body.collect(upTo: Self.answerLimit))
        } catch let failure as HTTPTransportError {
            throw error(
                failure.isRetryable ? .connection : .invalidConfiguration, request.operation, failure.description)
        } catch is StreamTooLong {
            throw error(.unavailable, request.operation, "the answer is longer than any that EC2 gives")
        }
    }
}

/// What an answer that is no success says.
struct EC2Failure: Sendable {
    let status: Int
    let code: String?
    let message: String?

    init(status: Int, document: XMLElement?) {
        let error = document?.first("Error")
        self.status = status
        // It is anybody's text, and is shown.
        code = error?.text("Code").flatMap { $0.isEmpty ? nil : String($0.prefix(200)).printable }
        message = error?.text("Message").flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether other credentials may do.
    var areCredentialsStale: Bool { code == "ExpiredToken" || code == "RequestExpired" }

    var reason: String {
        let parts = [code, message].compactMap { $0 }
        return parts.isEmpty ? "HTTP \(status)" : String(parts.joined(separator: ": ").prefix(1000)).printable
    }

    /// The class of the failure, by the code where there is one.
    var kind: VolumeSnapshotError.Kind {
        switch code {
        case "InvalidVolume.NotFound", "InvalidSnapshot.NotFound", "InvalidVolumeID.Malformed",
            "InvalidSnapshotID.Malformed":
            .notFound
        case "UnauthorizedOperation", "AccessDenied", "OptInRequired", "Blocked", "PendingVerification": .accessDenied
        case "AuthFailure", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", "RequestExpired",
            "MissingAuthenticationToken", "IncompleteSignature":
            .unauthenticated
        case "VolumeLimitExceeded", "SnapshotLimitExceeded", "VolumeIOPSLimitExceeded", "MaxIOPSLimitExceeded",
            "InsufficientVolumeCapacity", "ResourceLimitExceeded":
            .outOfSpace
        case "RequestLimitExceeded", "Throttling", "ThrottlingException", "EC2ThrottledException",
            "SnapshotCreationPerVolumeRateExceeded", "ConcurrentSnapshotLimitExceeded", "PendingSnapshotLimitExceeded":
            .throttled
        case "InternalError", "InternalFailure", "Unavailable", "ServiceUnavailable": .unavailable
        case "InvalidZone.NotFound", "UnknownVolumeType", "InvalidParameterCombination", "InvalidParameterValue",
            "InvalidParameter", "MissingParameter":
            .invalidConfiguration
        case let code?: .other(code: code)
        case nil where status == 429: .throttled
        case nil where status == 401 || status == 403: .accessDenied
        case nil where status >= 500: .unavailable
        case nil: .other(code: String(status))
        }
    }
}
