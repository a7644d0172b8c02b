import CloudStorage
public import Foundation
public import GodwitPluginAPI

/// Makes stores of `gs://bucket/prefix?…`.
public struct GCSProvider: ObjectStoreProvider {
    /// `godwit.io/gcp`
    public let name = "godwit.io/gcp"
    /// `gs`
    public let schemes = ["gs"]
    /// What ``GCSConfiguration/init(bucket:settings:)`` understands.
    public var parameters: [(name: String, meaning: String)] { Self.meanings }

    private static let meanings = [
        (name: "endpoint", meaning: "another server than Google: https://host:port"),
        (name: "public-url", meaning: "the server that signed URLs name"),
        (name: "auth", meaning: "auto (default), or none for public buckets"),
        (name: "credentials-file", meaning: "a credentials file of this location's own"),
        (name: "service-account", meaning: "who signs URLs when there is no key at hand"),
        (name: "user-project", meaning: "the project that pays for requests"),
        (name: "ca-file", meaning: "a PEM file of the authorities to trust; ca-data holds the text itself"),
        (name: "insecure", meaning: "true leaves certificates unverified"),
        (name: "kms-key-name", meaning: "projects/P/locations/L/keyRings/R/cryptoKeys/K"),
        (name: "storage-class", meaning: "such as NEARLINE"),
        (name: "retention", meaning: "mode of retention: unlocked or locked; with retain"),
        (name: "retain", meaning: "how long objects are kept: 30d, 12h; with retention"),
        (name: "hold", meaning: "a hold on each object that stays: temporary or event-based"),
        (name: "part-size", meaning: "of uploads' chunks, such as 16MiB; a multiple of 256KiB"),
    ]

    private let userAgent: String
    private let environment: [String: String]

    /// The provider.
    ///
    /// - Parameters:
    ///   - userAgent: what it calls itself towards servers.
    ///   - environment: the process's environment.
    public init(userAgent: String, environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.userAgent = userAgent
        self.environment = environment
    }

    /// Makes the store of a bucket.
    public func open(_ location: StorageLocation) async throws -> OpenedObjectStore {
        try location.openStore(userAgent: userAgent) { makeClient in
            let configuration = try GCSConfiguration(bucket: location.authority, settings: location.parameters)
            return try GCSObjectStore(configuration, environment: environment, makeClient: makeClient)
        }
    }
}
