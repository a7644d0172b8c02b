import AWS
import Foundation
public import GodwitPluginAPI
import HTTPTransport

/// Makes snapshotters of EBS.
public struct EBSProvider: VolumeSnapshotterProvider {
    /// `godwit.io/ebs`
    public let name = "godwit.io/ebs"
    /// What ``EBSConfiguration/init(_:environment:)`` understands.
    public let parameters = [
        (name: "region", meaning: "the region of the volumes (default: AWS_REGION)"),
        (name: "endpoint", meaning: "another server than AWS: https://host:port"),
        (name: "profile", meaning: "the profile of the shared AWS files"),
        (name: "credentials-file", meaning: "a credentials file of this location's own"),
        (name: "kms-key-id", meaning: "the key with which restored volumes are encrypted"),
        (name: "ca-file", meaning: "a PEM file of the authorities to trust; ca-data holds the text itself"),
        (name: "insecure", meaning: "true leaves certificates unverified"),
        (name: "timeout", meaning: "seconds until a snapshot or volume must be ready (default: 14400)"),
    ]

    private let userAgent: String

    /// The provider.
    ///
    /// - Parameter userAgent: what it calls itself towards servers.
    public init(userAgent: String) { self.userAgent = userAgent }

    /// Makes a snapshotter.
    public func open(_ configuration: [String: String]) async throws -> any VolumeSnapshotter {
        let configuration = try EBSConfiguration(configuration)
        func client(_ settings: HTTPConfiguration) throws -> any HTTPClient {
            var settings = settings
            settings.userAgent = userAgent
            return try CurlClient(configuration: settings)
        }
        let choice = CredentialsChoice(
            region: configuration.region, profile: configuration.profile,
            credentialsFile: configuration.credentialsFile)
        let credentials = try CredentialsChain(
            choice, authority: configuration.endpoint == nil ? configuration.tls.certificateAuthority : nil,
            makeClient: client)
        return EBSSnapshotter(configuration, credentials: credentials, http: try client(configuration.http))
    }
}
