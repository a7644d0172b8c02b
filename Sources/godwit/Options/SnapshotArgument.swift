import VolumeRepository

/// The snapshot that a user names.
enum SnapshotArgument {
    /// The word for the newest one of a volume.
    static let latest = "latest"

    /// Finds a snapshot by its id, the beginning of it, or as the latest of a volume.
    static func find(
        _ text: String, of volume: Snapshot.Volume?, in repository: Repository
    ) async throws -> StoredSnapshot {
        guard text == latest, let volume else { return try await repository.snapshot(matching: text) }
        guard let stored = try await repository.latestSnapshot(of: volume) else {
            throw RepositoryError(.missing, subject: "a snapshot of \(volume)")
        }
        return stored
    }
}
