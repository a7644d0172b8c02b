import CloudStorage
public import Foundation
public import HTTPTransport

/// Looks for credentials where the AWS SDKs do, in their order, and keeps what it finds until shortly before its end.
///
/// 1. `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`
/// 2. the shared credentials and configuration files, by profile: keys, roles (`source_profile`, `credential_source`,
///    web identity), `credential_process`
/// 3. `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`
/// 4. a container's (`AWS_CONTAINER_CREDENTIALS_…`: ECS, EKS pod identity)
/// 5. the instance's metadata (IMDSv2)
///
/// A location that names a profile or a credentials file is served from the shared files alone.
public struct CredentialsChain: CredentialsProvider {
    private let renewed: RenewedValue<AWSCredentials>

    init(_ sources: [any CredentialsSource], now: @escaping @Sendable () -> Date = { Date() }) {
        renewed = RenewedValue(end: \.expiration, now: now) {
            for source in sources {
                if let found = try await source.load() { return found }
            }
            throw CredentialsError("no credentials found; looked in: \(sources.map(\.name).joined(separator: ", "))")
        }
    }

    /// The chain of a location.
    ///
    /// - Parameters:
    ///   - http: for STS.
    ///   - metadataHTTP: for a container's or the instance's own addresses; it must not use a proxy.
    ///   - environment: the process's environment.
    public init(
        _ choice: CredentialsChoice, http: any HTTPClient, metadataHTTP: any HTTPClient,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        let sts = SecurityTokenService(
            http: http, region: environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? choice.region,
            endpoint: environment["AWS_ENDPOINT_URL_STS"], usesFIPS: choice.usesFIPS)
        let environmentKeys = EnvironmentCredentials(environment: environment)
        let container = ContainerCredentials(environment: environment, http: metadataHTTP)
        let instance = InstanceCredentials(environment: environment, http: metadataHTTP)
        let profiles = ProfileCredentials(
            choice: choice, environment: environment, sts: sts,
            ambient: ["Environment": environmentKeys, "EcsContainer": container, "Ec2InstanceMetadata": instance])
        if choice.profile != nil || choice.credentialsFile != nil {
            self.init([profiles])
        } else {
            let webIdentity = WebIdentityCredentials(environment: environment, sts: sts)
            self.init([environmentKeys, profiles, webIdentity, container, instance])
        }
    }

    /// The chain of a location, with clients of its own.
    ///
    /// - Parameters:
    ///   - authority: whom to trust when STS is asked; nil for the machine's own choice, also where the location's
    ///     authority is that of another server: STS is AWS's own, or named by the environment.
    ///   - environment: the process's environment.
    ///   - makeClient: makes the clients: one for STS, one without a proxy for addresses of the container's host and the
    ///     instance.
    /// - Throws: errors of `makeClient`.
    public init(
        _ choice: CredentialsChoice, authority: TLSConfiguration.Source?,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        makeClient: (HTTPConfiguration) throws -> any HTTPClient
    ) throws {
        var service = HTTPConfiguration()
        service.tls.certificateAuthority = authority
        self.init(
            choice, http: try makeClient(service), metadataHTTP: try makeClient(.ofThisMachine),
            environment: environment)
    }

    /// Credentials to sign with now. However many ask at once, they are looked for once.
    public func credentials() async throws -> AWSCredentials { try await renewed.value() }

    /// Forgets the credentials.
    public func invalidate() async { await renewed.invalidate() }
}
