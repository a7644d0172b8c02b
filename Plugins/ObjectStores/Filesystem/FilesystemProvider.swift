public import GodwitPluginAPI

/// Makes stores of `file:///directory`.
public struct FilesystemProvider: ObjectStoreProvider {
    /// `godwit.io/filesystem`
    public let name = "godwit.io/filesystem"
    /// `file`
    public let schemes = ["file"]
    /// `create`
    public let parameters = [(name: "create", meaning: "true makes the directory when it is missing")]

    /// The provider.
    public init() {}

    /// Makes the store of a directory.
    public func open(_ location: StorageLocation) async throws -> OpenedObjectStore {
        func refusal(_ reason: String) -> ObjectStoreError {
            ObjectStoreError(
                .invalidConfiguration, operation: "open", store: location.description, reason: reason)
        }
        guard location.authority.isEmpty || location.authority == "localhost" else {
            throw refusal("write file:/// with three slashes: '\(location.authority)' would be a host")
        }
        var parameters = location.parameters
        let creates = parameters.removeValue(forKey: "create") ?? "false"
        guard creates == "true" || creates == "false" else { throw refusal("create is true or false") }
        if let unknown = parameters.keys.sorted().first { throw refusal("there is no parameter '\(unknown)'") }
        let store = FilesystemObjectStore(root: "/" + location.path, createsRoot: creates == "true")
        return OpenedObjectStore(store: store, prefix: "")
    }
}
