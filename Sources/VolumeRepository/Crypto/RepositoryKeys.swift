import GodwitPluginAPI
import Streams

/// The keys of an encrypted repository, as objects.
struct RepositoryKeys: Sendable {
    let objects: RepositoryObjects
    /// The bytes of the repository's configuration, to which the keys are bound.
    let configuration: [UInt8]

    /// All keys that can be read, the oldest first.
    func list() async throws -> [KeySlot] {
        var slots: [KeySlot] = []
        for object in try await objects.list(RepositoryLayout.keys) {
            guard let id = RepositoryLayout.name(ofKey: object.key, below: RepositoryLayout.keys, ending: ".json"),
                Hexadecimal.bytes(id, limit: 16)?.count == 16,
                let slot = try await slot(id, key: object.key)
            else { continue }
            slots.append(slot)
        }
        return slots.sorted { ($0.info.created, $0.info.id) < ($1.info.created, $1.info.id) }
    }

    /// A key; nil when it cannot be read: others may open the repository all the same. A check names it.
    private func slot(_ id: String, key: String) async throws -> KeySlot? {
        do {
            return try await objects.read(key, limit: 1 << 20).flatMap { KeySlot(id: id, parsing: $0) }
        } catch let error as RepositoryError where error.kind == .damaged {
            return nil
        }
    }

    /// The master key, and the id of the key that opened it.
    ///
    /// - Throws: ``RepositoryError/Kind/wrongCredentials``.
    func master(_ credentials: RepositoryCredentials) async throws -> (master: Secret, key: String) {
        let slots = try await list()
        for slot in slots {
            let master = try await BlockingPool.shared.run { [configuration] in
                try slot.open(credentials, configuration: configuration)
            }
            if let master { return (master, slot.info.id) }
        }
        throw RepositoryError(
            .wrongCredentials, subject: "the repository in \(objects.store.description)",
            reason: slots.isEmpty ? "it has no key that can be read" : "\(slots.count) keys were tried")
    }
}
