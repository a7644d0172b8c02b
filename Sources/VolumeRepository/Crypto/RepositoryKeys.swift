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
                let bytes = try await objects.read(object.key, limit: 1 << 20),
                let slot = KeySlot(id: id, parsing: bytes)
            else { continue }
            slots.append(slot)
        }
        return slots.sorted { ($0.info.created, $0.info.id) < ($1.info.created, $1.info.id) }
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
