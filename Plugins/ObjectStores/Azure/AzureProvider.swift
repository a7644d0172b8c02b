import CloudStorage
public import Foundation
public import GodwitPluginAPI

/// Makes stores of `azure://container/prefix?account=…`.
public struct AzureProvider: ObjectStoreProvider {
    /// `godwit.io/azure`
    public let name = "godwit.io/azure"
    /// `azure`
    public let schemes = ["azure"]
    /// What ``AzureConfiguration/init(container:settings:)`` understands.
    public var parameters: [(name: String, meaning: String)] { Self.meanings }

    private static let meanings = [
        (name: "account", meaning: "the storage account (default: AZURE_STORAGE_ACCOUNT)"),
        (name: "endpoint", meaning: "the blob service, when it is not ACCOUNT.blob.core.windows.net"),
        (name: "cloud", meaning: "public (default), china or usgovernment"),
        (name: "auth", meaning: "auto (default), key, sas or entra"),
        (name: "credentials-file", meaning: "a file of AZURE_… variables of this location's own"),
        (name: "key-env", meaning: "the variable with the account's key (default: AZURE_STORAGE_KEY)"),
        (name: "authority", meaning: "where tokens come from, such as https://login.microsoftonline.us"),
        (name: "tenant-id", meaning: "the tenant (default: AZURE_TENANT_ID)"),
        (name: "client-id", meaning: "the application or the user-assigned identity (default: AZURE_CLIENT_ID)"),
        (name: "subscription-id", meaning: "with resource-group: the account's key is asked for"),
        (name: "resource-group", meaning: "with subscription-id: the account's key is asked for"),
        (name: "ca-file", meaning: "a PEM file of the authorities to trust; ca-data holds the text itself"),
        (name: "insecure", meaning: "true leaves certificates unverified"),
        (name: "access-tier", meaning: "Hot, Cool or Cold"),
        (name: "immutability", meaning: "mode of retention: unlocked or locked; with retain"),
        (name: "retain", meaning: "how long blobs are kept: 30d, 12h; with immutability"),
        (name: "legal-hold", meaning: "true puts a legal hold on each blob that stays"),
        (name: "checksum", meaning: "md5 (default) or none"),
        (name: "part-size", meaning: "of blocks, such as 16MiB"),
        (name: "concurrency", meaning: "blocks on their way at once, 1 to 64"),
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

    /// Makes the store of a container.
    public func open(_ location: StorageLocation) async throws -> OpenedObjectStore {
        try location.openStore(userAgent: userAgent) { makeClient in
            let configuration = try AzureConfiguration(container: location.authority, settings: location.parameters)
            return try AzureObjectStore(configuration, environment: environment, makeClient: makeClient)
        }
    }
}
