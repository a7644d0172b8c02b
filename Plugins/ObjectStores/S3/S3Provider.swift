import CloudStorage
import Foundation
public import GodwitPluginAPI

/// Makes stores of `s3://bucket/prefix?…`.
public struct S3Provider: ObjectStoreProvider {
    /// `godwit.io/s3`
    public let name = "godwit.io/s3"
    /// `s3`
    public let schemes = ["s3"]
    /// What ``S3Configuration/init(bucket:settings:)`` understands.
    public var parameters: [(name: String, meaning: String)] { Self.meanings }

    private static let meanings = [
        (name: "region", meaning: "the region, such as eu-central-1 (default: AWS_REGION, or us-east-1)"),
        (name: "endpoint", meaning: "another server than AWS: https://host:port"),
        (name: "path-style", meaning: "true puts the bucket into the path instead of the host name"),
        (name: "public-url", meaning: "the server that signed URLs name"),
        (name: "ca-file", meaning: "a PEM file of the authorities to trust; ca-data holds the text itself"),
        (name: "insecure", meaning: "true leaves certificates unverified"),
        (name: "profile", meaning: "the profile of the shared AWS files"),
        (name: "credentials-file", meaning: "a credentials file of this location's own"),
        (name: "sse", meaning: "encryption on the server: none, AES256 or aws:kms"),
        (name: "kms-key-id", meaning: "the key of sse=aws:kms"),
        (name: "sse-c-key-file", meaning: "a file with your own 32-byte key (mode 0600)"),
        (name: "storage-class", meaning: "such as STANDARD_IA"),
        (name: "tagging", meaning: "tags of the objects: team=a&cost=b, percent-encoded"),
        (name: "checksum", meaning: "crc32c (default), sha256 or none"),
        (name: "part-size", meaning: "of multipart uploads, such as 16MiB"),
        (name: "concurrency", meaning: "parts on their way at once, 1 to 64"),
        (name: "conditional-put", meaning: "whether the server honours If-None-Match on writes"),
        (name: "object-lock", meaning: "mode of retention: governance or compliance; with retain"),
        (name: "retain", meaning: "how long objects are kept: 30d, 12h; with object-lock"),
        (name: "legal-hold", meaning: "true puts a legal hold on each object that stays"),
        (name: "request-payer", meaning: "requester: we pay for requests to a bucket that wants that"),
        (name: "fips", meaning: "true uses AWS's FIPS 140 endpoints"),
        (name: "dual-stack", meaning: "true uses AWS's endpoints with IPv6"),
    ]

    private let userAgent: String

    /// The provider.
    ///
    /// - Parameter userAgent: what it calls itself towards servers.
    public init(userAgent: String) { self.userAgent = userAgent }

    /// Makes the store of a bucket.
    public func open(_ location: StorageLocation) async throws -> OpenedObjectStore {
        var settings = location.parameters
        let environment = ProcessInfo.processInfo.environment
        settings["region"] = settings["region"] ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
        if settings["endpoint"] == nil, settings["s3Url"] == nil {
            settings["fips"] = settings["fips"] ?? environment["AWS_USE_FIPS_ENDPOINT"]
            settings["dual-stack"] = settings["dual-stack"] ?? environment["AWS_USE_DUALSTACK_ENDPOINT"]
        }
        return try location.openStore(userAgent: userAgent) { makeClient in
            let configuration = try S3Configuration(bucket: location.authority, settings: settings)
            return try S3ObjectStore(configuration, environment: environment, makeClient: makeClient)
        }
    }
}
