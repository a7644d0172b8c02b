import GodwitModel
public import HTTPTransport
public import Streams

/// A cluster behind an API server.
///
/// Requests that fail in passing are repeated: refused connections always; broken ones, gateway timeouts and the
/// like only when a repetition does no harm; 429 and 503 after the wait that the server asks for. A create whose
/// connection broke is repeated too, and if the first one arrived after all the second says
/// ``ClusterError/Kind/alreadyExists``; likewise an update with a resource version then says
/// ``ClusterError/Kind/conflict``. Objects with only a `generateName` and JSON patches are never sent twice.
public final class KubernetesCluster: Cluster, PodExecutor {
    /// How the cluster is reached.
    public let configuration: ClusterConfiguration

    let connection: APIConnection

    /// A cluster. Nothing is sent yet.
    ///
    /// - Parameters:
    ///   - configuration: how to reach it, and as whom.
    ///   - retry: how often requests are repeated.
    ///   - makeClient: makes an HTTP client; called again when a credential plugin brings another client certificate.
    public init(
        _ configuration: ClusterConfiguration,
        retry: RetryPolicy = RetryPolicy(attempts: 8, base: .milliseconds(100), cap: .seconds(20)),
        makeClient: @escaping @Sendable (HTTPConfiguration) throws -> any HTTPClient
    ) throws {
        self.configuration = configuration
        connection = try APIConnection(configuration, retry: retry, makeClient: makeClient)
    }

    /// The server's URL.
    public var description: String { configuration.server }

    /// Everything.
    public var capabilities: ClusterCapabilities { ClusterCapabilities(dryRun: true, controlPlane: true) }

    /// Reads `/version`.
    public func version() async throws -> ServerVersion {
        let operation = "read the server's version"
        let document = try await json(APIRequest("/version", operation: operation))
        return ServerVersion(
            major: document["major"]?.string ?? "", minor: document["minor"]?.string ?? "",
            gitVersion: document["gitVersion"]?.string ?? "")
    }

    /// Sends a request and parses the answer.
    func json(_ request: APIRequest) async throws -> JSONValue {
        let (_, body) = try await connection.fetch(request)
        do {
            return try JSONValue(parsing: body)
        } catch {
            throw connection.error(.malformedAnswer, request.operation, error.description)
        }
    }
}
