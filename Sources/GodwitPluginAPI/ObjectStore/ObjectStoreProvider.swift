/// What makes object stores from locations: the entry of a storage plugin.
public protocol ObjectStoreProvider: Sendable {
    /// The plugin's name, `prefix/name`: `godwit.io/s3`.
    var name: String { get }
    /// The URL schemes that it serves.
    var schemes: [String] { get }
    /// The parameters of a location that it understands, each with a line for people.
    var parameters: [(name: String, meaning: String)] { get }

    /// Makes the store of a location. Nothing need be reached yet, but what is wrong with the location itself throws
    /// ``ObjectStoreError/Kind/invalidConfiguration``.
    func open(_ location: StorageLocation) async throws -> OpenedObjectStore
}

/// A store, and where in it a location's objects are.
public struct OpenedObjectStore: Sendable {
    /// The store of the whole bucket.
    public let store: any ObjectStore
    /// What the keys of the location begin with: empty, or text that ends with `/`.
    public let prefix: String

    /// A store and a prefix.
    public init(store: any ObjectStore, prefix: String) {
        self.store = store
        self.prefix = prefix
    }
}
