import GodwitModel

/// Looks up in a backup which claim a PersistentVolume belongs to. The backup is opened when that is first asked.
actor VolumeHolders {
    private let catalog: BackupCatalog
    private let stored: StoredBackup
    private var claims: [String: ClaimName]?

    init(_ catalog: BackupCatalog, _ stored: StoredBackup) {
        self.catalog = catalog
        self.stored = stored
    }

    /// The claim; nil when the backup does not hold the volume, or nobody claims it.
    func claim(of volume: String) async throws -> ClaimName? {
        if let claims { return claims[volume] }
        var found: [String: ClaimName] = [:]
        let contents = try await catalog.open(stored)
        try await contents.forEachEntry { entries in
            let volumes = entries.filter { $0.identity.resource == .persistentVolumes }
            for try await batch in contents.items(volumes) {
                for item in batch {
                    let object = try KubernetesObject(parsing: try item.item.get().bytes)
                    guard let namespace = object[path: "spec", "claimRef", "namespace"]?.string,
                        let name = object[path: "spec", "claimRef", "name"]?.string
                    else { continue }
                    found[object.name] = ClaimName(namespace: namespace, name: name)
                }
            }
        }
        await contents.close()
        claims = found
        return found[volume]
    }
}
