import GodwitModel
import HTTPTransport
import Streams
import Synchronization

/// Sends requests to one API server: credentials, retries, and the decoding of refusals.
final class APIConnection: Sendable {
    /// Makes an HTTP client; called again when the client certificate changes.
    typealias ClientFactory = @Sendable (HTTPConfiguration) throws -> any HTTPClient

    /// The most bytes of one object.
    static let maximumObjectSize = 64 << 20
    /// The longest wait that a server may ask for.
    private static let maximumRetryAfter = Duration.seconds(120)

    let configuration: ClusterConfiguration
    private let retry: RetryPolicy
    private let clients: ClientCache

    init(_ configuration: ClusterConfiguration, retry: RetryPolicy, makeClient: @escaping ClientFactory) throws {
        self.configuration = configuration
        self.retry = retry
        clients = try ClientCache(configuration.http, makeClient)
    }

    /// Sends a request and gives the answer, whose body streams.
    ///
    /// - Throws: ``APIFailure`` for a refusal, and what ``attempt(_:)`` throws.
    func open(_ request: APIRequest, retry: RetryPolicy? = nil) async throws -> HTTPResponse {
        try await (retry ?? self.retry).run { error in
            Self.delay(after: error, request.repetition)
        } operation: { _ in
            try await attempt(request)
        }
    }

    /// Sends a request and gives the answer's whole body.
    ///
    /// - Throws: ``ClusterError``, `HTTPTransportError`, ``KubeconfigError``, `CancellationError`.
    func fetch(_ request: APIRequest, retry: RetryPolicy? = nil) async throws -> (HTTPResponse, body: [UInt8]) {
        do {
            return try await (retry ?? self.retry).run { error in
                Self.delay(after: error, request.repetition)
            } operation: { _ in
                let response = try await attempt(request)
                return (response, try await response.body.collect(upTo: Self.maximumObjectSize))
            }
        } catch let failure as APIFailure {
            throw failure.error
        } catch let error as StreamTooLong {
            throw self.error(.tooLarge, request.operation, error.description)
        }
    }

    /// Makes an error of this cluster.
    func error(_ kind: ClusterError.Kind, _ operation: String, _ reason: String?) -> ClusterError {
        ClusterError(kind, operation: operation, cluster: configuration.server, reason: reason)
    }

    /// How long to wait before another try; nil when there should be none.
    static func delay(after error: any Error, _ repetition: APIRequest.Repetition) -> Duration? {
        switch error {
        case let failure as APIFailure:
            guard failure.status.isPassing else { return nil }
            // A gateway that gave up waiting does not know what became of the request.
            if repetition == .harmful, ![429, 503].contains(failure.status.code) { return nil }
            return min(failure.error.retryAfter ?? .zero, maximumRetryAfter)
        case let error as HTTPTransportError:
            switch error.kind {
            case .connect, .nameResolution: return .zero
            default: return repetition == .harmless && error.isRetryable ? .zero : nil
            }
        default: return nil
        }
    }

    /// Asks for an upgraded connection, and again where the server has certainly done nothing.
    ///
    /// - Throws: ``APIFailure`` for a refusal.
    func upgrade(
        _ request: APIRequest, headers: HTTPHeaders, to name: String
    ) async throws -> (head: HTTPResponse, connection: any UpgradedConnection) {
        try await retry.run { error in
            Self.delay(after: error, .harmful)
        } operation: { _ in
            let credential = try await configuration.credentials.credential()
            var upgrade = try await self.upgrade(request, headers, name, credential)
            if case .refused(let response) = upgrade, response.status == 401,
                let renewed = try await configuration.credentials.renew(credential)
            {
                upgrade = try await self.upgrade(request, headers, name, renewed)
            }
            switch upgrade {
            case .switched(let head, let connection): return (head, connection)
            case .refused(let response): throw try await failure(response, request)
            }
        }
    }

    private func upgrade(
        _ request: APIRequest, _ headers: HTTPHeaders, _ name: String, _ credential: Credential
    ) async throws -> HTTPUpgrade {
        guard let client = try clients.client(for: credential) as? any HTTPUpgrading else {
            throw error(.unsupported, request.operation, "the HTTP client cannot upgrade connections")
        }
        var message = httpRequest(request, credential)
        for field in headers.fields { message.headers.add(field.name, field.value) }
        return try await client.upgrade(message, to: name)
    }

    private func attempt(_ request: APIRequest) async throws -> HTTPResponse {
        var credential = try await configuration.credentials.credential()
        var client = try clients.client(for: credential)
        var response = try await client.send(httpRequest(request, credential))
        if response.status == 401, let renewed = try await configuration.credentials.renew(credential) {
            // Read to the end, the connection can be used again.
            _ = try await response.body.collect(upTo: 1 << 20)
            credential = renewed
            client = try clients.client(for: credential)
            response = try await client.send(httpRequest(request, credential))
        }
        if (200...299).contains(response.status) {
            return credential.clientCertificate == nil ? response : Self.keeping(client, response)
        }
        throw try await failure(response, request)
    }

    /// A client ends its transfers when it is released, which happens when the certificate changes.
    private static func keeping(_ client: any HTTPClient, _ response: HTTPResponse) -> HTTPResponse {
        let body = response.body
        return HTTPResponse(
            status: response.status, headers: response.headers, majorVersion: response.majorVersion,
            body: ByteStream {
                var iterator = body.makeAsyncIterator()
                let piece = try await iterator.next()
                return withExtendedLifetime(client) { piece }
            })
    }

    private func httpRequest(_ request: APIRequest, _ credential: Credential) -> HTTPRequest {
        var headers: HTTPHeaders = ["Accept": request.accept]
        if let authorization = credential.authorization { headers.add("Authorization", authorization) }
        for field in configuration.impersonation.fields { headers.add(field.name, field.value) }
        var body = HTTPBody.none
        if let bytes = request.body {
            headers.add("Content-Type", request.contentType)
            body = .bytes(bytes)
        }
        return HTTPRequest(
            request.method, configuration.server + request.path + request.query.text, headers: headers, body: body,
            timeouts: request.timeouts)
    }

    /// Reads a refusal.
    func failure(_ response: HTTPResponse, _ request: APIRequest) async throws -> APIFailure {
        var body: [UInt8] = []
        for try await piece in response.body {
            body += piece
            if body.count > 1 << 20 { break }
        }
        let status = APIStatus(httpStatus: response.status, body: body)
        let header = response.headers["Retry-After"].flatMap { Int($0) }
        let seconds = (header ?? status.retryAfterSeconds).map { max(0, min($0, 86400)) }
        let error = ClusterError(
            status.kind, operation: request.operation, cluster: configuration.server,
            reason: status.reasonText(request.redaction), retryAfter: seconds.map { .seconds($0) })
        return APIFailure(error: error, status: status)
    }
}

/// The HTTP client for the current client certificate.
private final class ClientCache: Sendable {
    private struct State {
        var certificate: TLSConfiguration.Source?
        var key: TLSConfiguration.Source?
        var client: any HTTPClient
    }

    private let configuration: HTTPConfiguration
    private let makeClient: APIConnection.ClientFactory
    private let state: Mutex<State>

    init(_ configuration: HTTPConfiguration, _ makeClient: @escaping APIConnection.ClientFactory) throws {
        self.configuration = configuration
        self.makeClient = makeClient
        state = Mutex(State(client: try makeClient(configuration)))
    }

    /// Connections know their certificate, so another certificate needs another client.
    func client(for credential: Credential) throws -> any HTTPClient {
        try state.withLock { state in
            if state.certificate != credential.clientCertificate || state.key != credential.clientKey {
                var changed = configuration
                if let certificate = credential.clientCertificate {
                    changed.tls.clientCertificate = certificate
                    changed.tls.clientKey = credential.clientKey
                }
                state = State(
                    certificate: credential.clientCertificate, key: credential.clientKey,
                    client: try makeClient(changed))
            }
            return state.client
        }
    }
}
