import AWS
import CloudStorage
import Crypto
import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import Streams
import Synchronization

/// Addresses, signs and sends requests to one bucket, and turns what is not success into errors.
///
/// Three answers are put right and tried once more here, because they say nothing about the request itself: a bucket
/// in another region, a clock that is off, and a session token that has expired. Other retries are not made here.
final class S3Connection: Sendable {
    private struct State {
        var region: String
        /// The server's clock less ours.
        var clockOffset: TimeInterval = 0
        /// Whether an answer has shown that the bucket exists.
        var bucketIsThere = false
    }

    /// Bodies above this are hashed on the blocking pool.
    private static let smallBody = 256 << 10

    let configuration: S3Configuration
    let credentials: any CredentialsProvider
    private let http: any HTTPClient
    private let state: Mutex<State>

    init(_ configuration: S3Configuration, credentials: any CredentialsProvider, http: any HTTPClient) {
        self.configuration = configuration
        self.credentials = credentials
        self.http = http
        state = Mutex(State(region: configuration.region))
    }

    var description: String {
        configuration.endpoint.map { "s3://\(configuration.bucket) at \($0.text)" } ?? "s3://\(configuration.bucket)"
    }

    var bucketIsKnownToExist: Bool { state.withLock { $0.bucketIsThere } }

    /// Sends a request and returns the head of a successful answer.
    func send(_ request: StoreRequest) async throws -> HTTPResponse {
        let payloadHash = try await payloadHash(of: request)
        var corrections: Set<Correction> = []
        while true {
            let (response, sent) = try await attempt(request, payloadHash: payloadHash)
            if (200..<300).contains(response.status) {
                state.withLock { $0.bucketIsThere = true }
                return response
            }
            let failure = try await read(response, request)
            guard let correction = await correction(for: failure, sent: sent),
                corrections.insert(correction).inserted
            else { throw failure.error(request, store: description) }
        }
    }

    /// Sends a request whose answer is a small document, and reads it.
    func document(_ request: StoreRequest, limit: Int = 1 << 20) async throws -> XMLElement {
        try await document(of: try await send(request), request, limit: limit)
    }

    /// Reads the document of an answer.
    func document(
        of response: HTTPResponse, _ request: StoreRequest, limit: Int = 1 << 20
    ) async throws -> XMLElement {
        let bytes = try await request.collect(response.body, limit: limit, store: description)
        guard let document = XMLElement.parse(bytes) else {
            throw error(
                .unavailable, request, "the answer is not the XML of S3; is there an S3 server at the endpoint?")
        }
        return document
    }

    /// Sends a request whose answer has no body of interest.
    func perform(_ request: StoreRequest) async throws -> HTTPHeaders {
        let response = try await send(request)
        let body = try await request.collect(response.body, limit: 1 << 20, store: description)
        // A proxy or a captive portal says yes to everything, and shows a page.
        guard body.isEmpty || response.headers["x-amz-request-id"] != nil else {
            throw error(.unavailable, request, "the answer is not an S3 server's; is there one at the endpoint?")
        }
        return response.headers
    }

    /// A URL of a GET that anybody can send for a while.
    func presignedURL(for key: String, seconds: Int) async throws -> String {
        let endpoint = configuration.publicEndpoint ?? currentEndpoint
        let (authority, path) = endpoint.location(
            bucket: configuration.bucket, key: key, pathStyle: configuration.usesPathStyle(endpoint))
        let subject = SignatureV4.Subject(
            method: "GET", path: path,
            query: configuration.paysForRequests ? [("x-amz-request-payer", "requester")] : [],
            headers: ["Host": authority], payloadHash: "UNSIGNED-PAYLOAD")
        let credentials = try await usableCredentials(StoreRequest("GET", "sign", key: key))
        let query = signature(at: now).presignedQuery(subject, credentials, expiresIn: seconds)
        return "\(endpoint.scheme)://\(authority)\(path)?\(query)"
    }

    func error(_ kind: ObjectStoreError.Kind, _ request: StoreRequest, _ reason: String) -> ObjectStoreError {
        request.error(kind, reason, store: description)
    }

    private func read(_ response: HTTPResponse, _ request: StoreRequest) async throws -> S3Failure {
        // An answer whose body breaks off is judged by its head: the status has been decided by then.
        let body = request.method == "HEAD" ? [] : (try? await response.body.collect(upTo: 1 << 18)) ?? []
        try Task.checkCancellation()
        return S3Failure(status: response.status, headers: response.headers, body: body)
    }
}

extension S3Connection {
    /// What is put right before a second attempt.
    private enum Correction: Hashable { case region, clock, credentials }

    private func correction(for failure: S3Failure, sent: RequestTime) async -> Correction? {
        if let region = failure.region, !region.isEmpty, [301, 307, 400, 403].contains(failure.status),
            state.withLock({ $0.region != region })
        {
            state.withLock { $0.region = region }
            return .region
        }
        if failure.kind == .clockSkew || [400, 401, 403].contains(failure.status),
            let offset = failure.date.flatMap(sent.correctedOffset)
        {
            state.withLock { $0.clockOffset = offset }
            return .clock
        }
        if let code = failure.code, ["ExpiredToken", "InvalidToken", "TokenRefreshRequired"].contains(code) {
            await credentials.invalidate()
            return .credentials
        }
        return nil
    }

    private var currentEndpoint: ServiceAddress {
        configuration.endpoint
            ?? .s3(
                region: state.withLock { $0.region }, isFIPS: configuration.usesFIPS,
                isDualStack: configuration.usesDualStack)
    }

    /// The time by the server's clock, as far as it is known.
    private var now: Date { Date().addingTimeInterval(state.withLock { $0.clockOffset }) }

    private func signature(at date: Date) -> SignatureV4 {
        SignatureV4(region: state.withLock { $0.region }, service: "s3", date: date)
    }

    private func usableCredentials(_ request: StoreRequest) async throws -> AWSCredentials {
        do {
            return try await credentials.credentials()
        } catch {
            throw request.translate(error, store: description)
        }
    }

    private func payloadHash(of request: StoreRequest) async throws -> String {
        guard let body = request.body else { return SHA256Hash.ofNothing }
        if request.allowsUnsignedBody, currentEndpoint.isTLS { return "UNSIGNED-PAYLOAD" }
        if body.count <= Self.smallBody { return SHA256Hash.hex(body) }
        return try await BlockingPool.shared.run { SHA256Hash.hex(body) }
    }

    private func attempt(
        _ request: StoreRequest, payloadHash: String
    ) async throws -> (response: HTTPResponse, sent: RequestTime) {
        let endpoint = currentEndpoint
        let (authority, path) = endpoint.location(
            bucket: configuration.bucket, key: request.key, pathStyle: configuration.usesPathStyle(endpoint))
        let credentials = try await usableCredentials(request)
        let sent = RequestTime(offset: state.withLock { $0.clockOffset })
        let date = sent.date
        var headers = request.headers
        headers["Host"] = authority
        headers["x-amz-date"] = ServiceDate.basic(date)
        headers["x-amz-content-sha256"] = payloadHash
        headers["x-amz-security-token"] = credentials.sessionToken
        if configuration.paysForRequests { headers["x-amz-request-payer"] = "requester" }
        let subject = SignatureV4.Subject(
            method: request.method, path: path, query: request.query, headers: headers, payloadHash: payloadHash)
        headers["Authorization"] = signature(at: date).authorization(subject, credentials)
        // The transport writes Host itself, from the URL.
        headers["Host"] = nil
        let query = request.query.isEmpty ? "" : "?" + SignatureV4.canonicalQuery(request.query)
        let http = HTTPRequest(
            request.method, "\(endpoint.scheme)://\(authority)\(path)\(query)", headers: headers,
            body: request.body.map { .bytes($0) } ?? .none, timeouts: request.timeouts)
        do {
            return (try await self.http.send(http), sent)
        } catch {
            throw request.translate(error, store: description)
        }
    }
}
