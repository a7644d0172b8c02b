public import GodwitPluginAPI

extension Repository {
    /// All snapshots, those that cannot be read included.
    public func snapshots() async throws -> SnapshotListing { try await snapshotObjects.readAll() }

    /// The newest snapshot of a volume; nil when there is none.
    public func latestSnapshot(of volume: Snapshot.Volume) async throws -> StoredSnapshot? {
        try await snapshots().snapshots.last { $0.snapshot.volume == volume }
    }

    /// The snapshot whose id begins with these digits.
    ///
    /// - Throws: ``RepositoryError/Kind/missing``, ``RepositoryError/Kind/ambiguous``,
    ///   ``RepositoryError/Kind/damaged``.
    public func snapshot(matching digits: String) async throws -> StoredSnapshot {
        let id = try await snapshotID(matching: digits)
        guard let snapshot = try await snapshotObjects.read(id) else {
            throw RepositoryError(.missing, subject: "snapshot '\(digits)'")
        }
        return snapshot
    }

    /// The id that begins with these digits, of a snapshot that need not be readable.
    ///
    /// - Throws: ``RepositoryError/Kind/missing``, ``RepositoryError/Kind/ambiguous``.
    public func snapshotID(matching digits: String) async throws -> SnapshotID {
        guard digits.utf8.count >= 4 else {
            throw RepositoryError(.invalidArgument, subject: "snapshot '\(digits)'", reason: "give four digits or more")
        }
        let matches = try await snapshotObjects.list().filter { $0.description.hasPrefix(digits) }
        guard let id = matches.first else { throw RepositoryError(.missing, subject: "snapshot '\(digits)'") }
        guard matches.count == 1 else { throw RepositoryError(.ambiguous, subject: "'\(digits)'") }
        return id
    }

    /// Removes snapshots. What only they refer to is freed by the next prune.
    public func forget(_ ids: [SnapshotID]) async throws { try await snapshotObjects.delete(ids) }

    /// Removes snapshots from a store whose repository is not open: that needs no password. What is not there is passed
    /// over.
    public static func removeSnapshots(_ ids: [SnapshotID], from store: any ObjectStore) async throws {
        guard !ids.isEmpty else { return }
        try await store.delete(ids.flatMap(keys))
    }

    /// The snapshots of a store whose repository is not open.
    public static func snapshotIDs(in store: any ObjectStore) async throws -> Set<SnapshotID> {
        let objects = try await RepositoryObjects(store: store).list(RepositoryLayout.snapshots)
        return Set(
            objects.compactMap { object in
                RepositoryLayout.snapshotID(ofKey: object.key, sealed: false)
                    ?? RepositoryLayout.snapshotID(ofKey: object.key, sealed: true)
            })
    }

    /// The keys that a snapshot may have, encrypted or not.
    private static func keys(_ id: SnapshotID) -> [String] {
        [false, true].map { RepositoryLayout.snapshot(id, sealed: $0) }
    }
}
