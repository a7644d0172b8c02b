import CloudStorage
import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import Streams
import Synchronization

/// Addresses, authorizes and sends requests to one bucket, and turns what is not success into errors.
///
/// A refused token is renewed and the request sent once more here. Other retries are not made here.
final class GCSConnection: Sendable {
    /// Where IAM signs.
    static let signingAddress = "https://iamcredentials.googleapis.com"

    let configuration: GCSConfiguration
    let credentials: GoogleCredentials
    let service: TokenService
    let iamAddress: String
    private let token: RenewedValue<AccessToken>?
    private let http: any HTTPClient
    /// Whether an answer has shown that the bucket exists.
    private let bucketIsThere = Mutex(false)

    init(
        _ configuration: GCSConfiguration, credentials: GoogleCredentials, http: any HTTPClient,
        service: TokenService, iamAddress: String = signingAddress
    ) {
        self.configuration = configuration
        self.credentials = credentials
        self.http = http
        self.service = service
        self.iamAddress = iamAddress
        token = credentials.source.map { source in
            RenewedValue(end: \.expiration, fetch: { try await source.fetch() })
        }
    }

    var description: String {
        configuration.endpoint.map { "gs://\(configuration.bucket) at \($0.text)" } ?? "gs://\(configuration.bucket)"
    }

    var bucketIsKnownToExist: Bool { bucketIsThere.withLock { $0 } }

    var canSign: Bool { credentials.signer != nil }

    /// The address of an object's, or the bucket's objects', resource.
    func url(_ request: StoreRequest) -> String {
        let key = request.key.map { "/" + PercentEncoding.encode($0) } ?? ""
        return address("/storage/v1/b/\(PercentEncoding.encode(configuration.bucket))/o\(key)", request.query)
    }

    /// The address where objects are sent to.
    func uploadURL(_ request: StoreRequest) -> String {
        address("/upload/storage/v1/b/\(PercentEncoding.encode(configuration.bucket))/o", request.query)
    }

    private func address(_ path: String, _ query: [(name: String, value: String)]) -> String {
        var query = query
        if let project = configuration.userProject { query.append(("userProject", project)) }
        let text = query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
            .joined(separator: "&")
        return "\(configuration.address.text)\(path)\(text.isEmpty ? "" : "?")\(text)"
    }

    /// Sends a request and returns the head of a successful answer.
    ///
    /// - Parameters:
    ///   - url: where to; nil for the resource of the request's key.
    ///   - expected: statuses that are no failure besides those of success.
    func send(_ request: StoreRequest, to url: String? = nil, expected: Set<Int> = []) async throws -> HTTPResponse {
        let url = url ?? self.url(request)
        var hasNewToken = false
        while true {
            let response = try await attempt(request, url)
            if (200..<300).contains(response.status) || expected.contains(response.status) {
                if (200..<300).contains(response.status) { bucketIsThere.withLock { $0 = true } }
                return response
            }
            // An answer whose body breaks off is judged by its head: the status has been decided by then.
            let body = (try? await response.body.collect(upTo: 1 << 18)) ?? []
            try Task.checkCancellation()
            let failure = GCSFailure(status: response.status, headers: response.headers, body: body)
            if failure.status == 401, !hasNewToken, let token {
                await token.invalidate()
                hasNewToken = true
                continue
            }
            throw failure.error(request, store: description)
        }
    }

    /// Sends a request and reads the document of its answer.
    func document(_ request: StoreRequest, to url: String? = nil, limit: Int = 1 << 20) async throws -> JSONValue {
        let response = try await send(request, to: url)
        return try await document(of: response, request, limit: limit)
    }

    /// Reads the document of an answer.
    func document(of response: HTTPResponse, _ request: StoreRequest, limit: Int = 1 << 20) async throws -> JSONValue {
        let bytes = try await request.collect(response.body, limit: limit, store: description)
        guard let document = try? JSONValue(parsing: bytes), document.object != nil else {
            throw request.error(
                .unavailable, "the answer is not the JSON of Cloud Storage; is there such a service at the endpoint?",
                store: description)
        }
        return document
    }

    /// Throws unless the bucket exists. Not all answers tell a missing object from a missing bucket.
    func requireBucket(_ operation: String) async throws {
        if bucketIsThere.withLock({ $0 }) { return }
        var request = StoreRequest("GET", operation)
        request.query = [("maxResults", "1"), ("fields", "kind")]
        do {
            guard try await document(request)["kind"]?.string == "storage#objects" else {
                throw request.error(
                    .unavailable, "the answer is no listing of Cloud Storage; is there such a service at the endpoint?",
                    store: description)
            }
        } catch let error as ObjectStoreError where error.kind == .notFound {
            throw ObjectStoreError(.bucketNotFound, operation: operation, store: description)
        } catch let error as ObjectStoreError where error.kind == .accessDenied {
            // Who may not list a bucket may still read and write in it.
        }
    }

    /// The token that goes with requests now; nil where none does.
    func currentToken() async throws -> AccessToken? { try await token?.value() }

    private func attempt(_ request: StoreRequest, _ url: String) async throws -> HTTPResponse {
        var headers = request.headers
        do {
            if let token = try await currentToken() { headers["Authorization"] = "Bearer \(token.value)" }
            return try await http.send(
                HTTPRequest(
                    request.method, url, headers: headers, body: request.body.map { .bytes($0) } ?? .none,
                    timeouts: request.timeouts))
        } catch {
            throw request.translate(error, store: description)
        }
    }
}
