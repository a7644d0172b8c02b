import GodwitModel

/// Looks up in a backup which claim a PersistentVolume belongs to. The backup is opened when that is first asked.
actor VolumeHolders {
    /// What a backup says of a PersistentVolume.
    enum Holder: Sendable {
        /// This claim has it.
        case claim(ClaimName)
        /// Nobody claims it, or the backup does not hold it.
        case nobody
        /// It is in the backup and cannot be read, for this reason.
        case unreadable(String)
    }

    private let catalog: BackupCatalog
    private let stored: StoredBackup
    private var holders: [String: Holder]?

    init(_ catalog: BackupCatalog, _ stored: StoredBackup) {
        self.catalog = catalog
        self.stored = stored
    }

    /// Who has a PersistentVolume. One that cannot be read does not hide the others.
    ///
    /// - Throws: ``BackupStorageError`` when the backup cannot be opened; the store's errors.
    func holder(of volume: String) async throws -> Holder {
        if let holders { return holders[volume] ?? .nobody }
        var found: [String: Holder] = [:]
        let contents = try await catalog.open(stored)
        try await contents.forEachEntry { entries in
            let volumes = entries.filter { $0.identity.resource == .persistentVolumes }
            for try await batch in contents.items(volumes) {
                for item in batch { found[item.entry.identity.name] = Self.holder(of: item) }
            }
        }
        await contents.close()
        holders = found
        return found[volume] ?? .nobody
    }

    static func holder(of item: StoredItem) -> Holder {
        do {
            let claim = try KubernetesObject(parsing: try item.item.get().bytes).volumeHolder
            return claim.map(Holder.claim) ?? .nobody
        } catch {
            return .unreadable("\(error)")
        }
    }
}
