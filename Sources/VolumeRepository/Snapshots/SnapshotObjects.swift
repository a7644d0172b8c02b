import GodwitModel
import GodwitPluginAPI
import Synchronization

/// Reads and writes the snapshots of a repository.
struct SnapshotObjects: Sendable {
    let objects: RepositoryObjects
    let cipher: RepositoryCipher

    /// Adds a snapshot.
    func write(_ snapshot: Snapshot) async throws -> StoredSnapshot {
        let text = snapshot.json.serialized()
        guard text.count <= BlockCodec.maximumDocument - 1024, let kept = Snapshot(json: snapshot.json) else {
            throw RepositoryError(.invalidArgument, subject: "a snapshot of \(text.count) bytes")
        }
        let id = SnapshotID(hash: cipher.id(of: text))
        let stored = cipher.seal(text, context: RepositoryLayout.context("snapshot", id))
        try await objects.writeOnce(RepositoryLayout.snapshot(id, sealed: cipher.isEncrypting), stored)
        return StoredSnapshot(id: id, snapshot: kept)
    }

    /// The ids of all snapshots.
    func list() async throws -> [SnapshotID] {
        try await objects.list(RepositoryLayout.snapshots).compactMap { object in
            RepositoryLayout.snapshotID(ofKey: object.key, sealed: cipher.isEncrypting)
        }
    }

    /// One snapshot; nil when it is gone.
    ///
    /// - Throws: ``RepositoryError/Kind/damaged``.
    func read(_ id: SnapshotID) async throws -> StoredSnapshot? {
        let key = RepositoryLayout.snapshot(id, sealed: cipher.isEncrypting)
        guard let stored = try await objects.read(key) else { return nil }
        let text = stored.withUnsafeBytes { stored in
            cipher.withOpened(stored, context: RepositoryLayout.context("snapshot", id)) { Array($0) }
        }
        guard let text, cipher.id(of: text) == id.hash else {
            throw RepositoryError(.damaged, subject: key, reason: "its content is not what its name says")
        }
        guard let snapshot = (try? JSONValue(parsing: text)).flatMap(Snapshot.init(json:)) else {
            throw RepositoryError(.damaged, subject: key, reason: "it is not the document of a snapshot")
        }
        return StoredSnapshot(id: id, snapshot: snapshot)
    }

    /// All snapshots, those that cannot be read included.
    func readAll() async throws -> SnapshotListing {
        let listing = Mutex(SnapshotListing())
        try await list().forEachConcurrently(limit: 8) { id in
            do {
                guard let snapshot = try await read(id) else { return }
                listing.withLock { $0.snapshots.append(snapshot) }
            } catch let error as RepositoryError {
                listing.withLock { $0.unreadable.append((error.subject, error)) }
            }
        }
        var result = listing.withLock { $0 }
        result.snapshots.sort { ($0.snapshot.started, $0.id) < ($1.snapshot.started, $1.id) }
        result.unreadable.sort { $0.key < $1.key }
        return result
    }

    /// Removes snapshots.
    func delete(_ ids: [SnapshotID]) async throws {
        guard !ids.isEmpty else { return }
        try await objects.store.delete(ids.map { RepositoryLayout.snapshot($0, sealed: cipher.isEncrypting) })
    }
}
