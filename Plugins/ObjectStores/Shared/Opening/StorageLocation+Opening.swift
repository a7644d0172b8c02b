package import GodwitPluginAPI
package import HTTPTransport

extension StorageLocation {
    /// Opens a store of a cloud at this location.
    ///
    /// - Parameters:
    ///   - userAgent: what its clients call themselves towards servers.
    ///   - make: makes the store, with clients that it gets from the function it is given.
    /// - Throws: ``ObjectStoreError`` for a setting that cannot be used, credentials that are not there and a transport
    ///   that refuses its configuration; what else `make` throws stays.
    package func openStore(
        userAgent: String,
        _ make: (_ makeClient: (HTTPConfiguration) throws -> any HTTPClient) throws -> any ObjectStore
    ) throws -> OpenedObjectStore {
        do {
            let store = try make { configuration in
                var configuration = configuration
                configuration.userAgent = userAgent
                return try CurlClient(configuration: configuration)
            }
            return OpenedObjectStore(store: store, prefix: path.isEmpty ? "" : path + "/")
        } catch {
            throw StoreRequest("GET", "open").translate(error, store: description)
        }
    }
}
