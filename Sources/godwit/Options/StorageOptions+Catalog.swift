import GodwitEngine
import GodwitPluginAPI

extension StorageOptions {
    /// Opens the location and gives its backups and restores.
    func catalog(_ global: GlobalOptions) async throws -> BackupCatalog {
        BackupCatalog(store: try await Self.store(location(global).location, global))
    }

    /// The store of a location, with the wrappers that every store gets.
    static func store(_ location: StorageLocation, _ global: GlobalOptions) async throws -> any ObjectStore {
        let opened = try await Providers.open(location, global)
        return try ObjectStoreStack.make(opened.store, prefix: opened.prefix)
    }
}
