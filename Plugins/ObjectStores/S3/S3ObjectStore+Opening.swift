import AWS
public import Foundation
public import HTTPTransport

extension S3ObjectStore {
    /// A store with the usual credentials: the location's own, or those of the chain (``CredentialsChain``).
    ///
    /// - Parameters:
    ///   - environment: the process's environment.
    ///   - makeClient: makes the transports: one for the store and STS, one without a proxy for addresses of the
    ///     container's host and the instance.
    public convenience init(
        _ configuration: S3Configuration,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        makeClient: (HTTPConfiguration) throws -> any HTTPClient
    ) throws {
        let choice = CredentialsChoice(
            region: configuration.region, profile: configuration.profile,
            credentialsFile: configuration.credentialsFile, usesFIPS: configuration.usesFIPS)
        let credentials = try CredentialsChain(
            choice, authority: configuration.endpoint == nil ? configuration.tls.certificateAuthority : nil,
            environment: environment, makeClient: makeClient)
        self.init(configuration, credentials: credentials, http: try makeClient(configuration.http))
    }
}
