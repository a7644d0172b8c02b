import GodwitPluginAPI
import Streams

extension Repository {
    /// The keys that open the repository, the oldest first; none where it is not encrypted.
    public func keys() async throws -> [RepositoryKeyInfo] {
        guard configuration.isEncrypted else { return [] }
        return try await repositoryKeys().list().map(\.info)
    }

    /// Adds a key; nothing is encrypted anew.
    ///
    /// - Parameter credentials: what opens the repository now.
    public func addKey(
        _ new: RepositoryCredentials, label: String, credentials: RepositoryCredentials
    ) async throws -> RepositoryKeyInfo {
        guard configuration.isEncrypted else {
            throw RepositoryError(.notEncrypted, subject: "the repository in \(objects.store.description)")
        }
        let keys = try await repositoryKeys()
        let master = try await keys.master(credentials).master
        let cost = tuning.keyDerivation
        let slot = try await BlockingPool.shared.run {
            try KeySlot(
                master: master, credentials: new, label: label, cost: cost, configuration: keys.configuration)
        }
        try await objects.writeOnce(RepositoryLayout.key(slot.info.id), slot.serialized)
        return slot.info
    }

    /// Removes a key. Who knows it and has a copy of its object can still open the repository: to shut somebody out
    /// who has both, make a new repository.
    ///
    /// - Parameters:
    ///   - id: the key's id, or the digits that it begins with.
    ///   - credentials: what opens the repository; the key that they open cannot be removed with them.
    /// - Throws: ``RepositoryError/Kind/lastKey``, ``RepositoryError/Kind/missing``,
    ///   ``RepositoryError/Kind/ambiguous``.
    public func removeKey(_ id: String, credentials: RepositoryCredentials) async throws {
        let keys = try await repositoryKeys()
        let slots = try await keys.list()
        let matches = slots.filter { !id.isEmpty && $0.info.id.hasPrefix(id) }
        guard let slot = matches.first else { throw RepositoryError(.missing, subject: "key '\(id)'") }
        guard matches.count == 1 else {
            throw RepositoryError(.invalidArgument, subject: "key '\(id)'", reason: "it fits several keys")
        }
        guard slots.count > 1 else { throw RepositoryError(.lastKey, subject: "key \(slot.info.id)") }
        // Credentials that open another key prove that the repository can be opened afterwards.
        let own = try await keys.master(credentials).key
        guard own != slot.info.id else {
            throw RepositoryError(
                .invalidArgument, subject: "key \(slot.info.id)", reason: "it is the one in use; give another one's")
        }
        let objects = objects
        // In a task of its own: once the key is gone, a cancellation must not keep the other one from being looked at.
        try await Task {
            try await objects.store.delete([RepositoryLayout.key(slot.info.id)])
            if try await keys.list().contains(where: { $0.info.id == own }) { return }
            // Somebody else has removed that one with this one's help. Both put back what they removed.
            try await objects.writeOnce(RepositoryLayout.key(slot.info.id), slot.serialized)
            throw RepositoryError(
                .lastKey, subject: "key \(slot.info.id)", reason: "key \(own) was removed at the same moment")
        }.value
    }

    private func repositoryKeys() async throws -> RepositoryKeys {
        guard let bytes = try await objects.read(RepositoryLayout.configuration, limit: 1 << 20) else {
            throw RepositoryError(.noRepository, subject: objects.store.description)
        }
        return RepositoryKeys(objects: objects, configuration: bytes)
    }
}
