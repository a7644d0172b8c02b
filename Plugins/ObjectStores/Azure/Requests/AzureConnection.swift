import CloudStorage
import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import Streams
import Synchronization

/// Addresses, authorizes and sends requests to one container, and turns what is not success into errors.
///
/// Two answers are put right and tried once more here, because they say nothing about the request itself: a clock that
/// is off, and a token or fetched key that is not good any more. Other retries are not made here.
final class AzureConnection: Sendable {
    /// The version of the REST API, of December 2021: the first with all that is used here, known to Azure Stack Hub's
    /// successors and to emulators.
    static let version = "2021-12-02"

    /// What a request is about.
    enum Scope: Sendable {
        /// The container, or the blob that the request names.
        case container
        /// The account's blob service.
        case service
    }

    private enum Correction: Hashable { case clock, credentials }

    let configuration: AzureConfiguration
    let place: AzurePlace
    let authorization: AzureAuthorization
    private let http: any HTTPClient
    /// The service's clock less ours.
    private let clockOffset = Mutex<TimeInterval>(0)
    private let answered = Mutex(false)

    init(
        _ configuration: AzureConfiguration, place: AzurePlace, authorization: AzureAuthorization,
        http: any HTTPClient
    ) {
        self.configuration = configuration
        self.place = place
        self.authorization = authorization
        self.http = http
    }

    var description: String { "azure://\(configuration.container) at \(place.address.text)" }

    /// Whether the service has answered with success.
    var hasAnswered: Bool { answered.withLock { $0 } }

    /// The time by the service's clock, as far as it is known.
    var now: Date { Date().addingTimeInterval(clockOffset.withLock { $0 }) }

    /// Sends a request and returns the head of a successful answer.
    func send(_ request: StoreRequest, scope: Scope = .container) async throws -> HTTPResponse {
        var corrections: Set<Correction> = []
        while true {
            let (response, sent) = try await attempt(request, scope)
            if (200..<300).contains(response.status) {
                // A proxy or a captive portal says yes to everything.
                guard response.headers["x-ms-request-id"] != nil else {
                    throw request.error(
                        .unavailable, "the answer is not a blob service's; is there one at the endpoint?",
                        store: description)
                }
                answered.withLock { $0 = true }
                return response
            }
            // An answer whose body breaks off is judged by its head: the status has been decided by then.
            let body = request.method == "HEAD" ? [] : (try? await response.body.collect(upTo: 1 << 18)) ?? []
            try Task.checkCancellation()
            let failure = AzureFailure(status: response.status, headers: response.headers, body: body)
            guard let correction = await correction(for: failure, sent: sent),
                corrections.insert(correction).inserted
            else { throw failure.error(request, store: description) }
        }
    }

    /// Sends a request whose answer is a small document, and reads it.
    func document(
        _ request: StoreRequest, scope: Scope = .container, limit: Int = 1 << 20
    ) async throws -> XMLElement {
        let response = try await send(request, scope: scope)
        let bytes = try await request.collect(response.body, limit: limit, store: description)
        guard let document = XMLElement.parse(bytes) else {
            throw request.error(
                .unavailable, "the answer is not the XML of Azure; is there a blob service at the endpoint?",
                store: description)
        }
        return document
    }

    /// Sends a request whose answer has no body of interest.
    @discardableResult
    func perform(_ request: StoreRequest) async throws -> HTTPHeaders {
        let response = try await send(request)
        _ = try await request.collect(response.body, limit: 1 << 20, store: description)
        return response.headers
    }

    private func correction(for failure: AzureFailure, sent: RequestTime) async -> Correction? {
        guard [400, 401, 403].contains(failure.status), failure.kind == .unauthenticated else { return nil }
        switch authorization {
        case .sharedKey, .fetchedKey:
            guard let offset = failure.date.flatMap(sent.correctedOffset) else { break }
            clockOffset.withLock { $0 = offset }
            return .clock
        case .sas, .token: break
        }
        switch authorization {
        case .token(let token): await token.invalidate()
        case .fetchedKey(let key): await key.invalidate()
        case .sharedKey, .sas: return nil
        }
        return .credentials
    }

    private func attempt(
        _ request: StoreRequest, _ scope: Scope
    ) async throws -> (response: HTTPResponse, sent: RequestTime) {
        let path =
            switch scope {
            case .container: place.path(container: configuration.container, key: request.key)
            case .service: place.servicePath
            }
        var headers = request.headers
        var query = request.query
        headers["x-ms-version"] = Self.version
        do {
            var key: AzureAccountKey?
            switch authorization {
            case .sharedKey(let known): key = known
            case .fetchedKey(let fetched): key = try await fetched.value()
            case .sas(let sas): query += sas
            case .token(let token): headers["Authorization"] = "Bearer \(try await token.value().value)"
            }
            // After what may have taken its time.
            let sent = RequestTime(offset: clockOffset.withLock { $0 })
            headers["x-ms-date"] = ServiceDate.http(sent.date)
            if let key { sign(&headers, request, path, key) }
            let text = query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
                .joined(separator: "&")
            let address = place.address
            let url = "\(address.scheme)://\(address.authority)\(path)\(text.isEmpty ? "" : "?")\(text)"
            let response = try await http.send(
                HTTPRequest(
                    request.method, url, headers: headers, body: request.body.map { .bytes($0) } ?? .none,
                    timeouts: request.timeouts))
            return (response, sent)
        } catch {
            throw request.translate(error, store: description)
        }
    }

    private func sign(_ headers: inout HTTPHeaders, _ request: StoreRequest, _ path: String, _ key: AzureAccountKey) {
        headers["Authorization"] = SharedKeySignature(account: place.account, key: key).authorization(
            method: request.method, path: path, query: request.query, headers: headers,
            length: request.body?.count ?? 0)
    }
}
