public import Foundation
import GodwitModel

/// One of the keys that open an encrypted repository: the master key, sealed with a key made of a password.
public struct RepositoryKeyInfo: Sendable, Hashable {
    /// Random, 32 hexadecimal digits.
    public let id: String
    /// What the user calls it.
    public let label: String
    /// The machine on which it was made.
    public let host: String
    /// When it was made.
    public let created: Date
}

/// A key as it is stored in `repository/keys/<id>.json`.
struct KeySlot: Sendable {
    let info: RepositoryKeyInfo
    private let cost: KeyDerivationCost
    private let salt: [UInt8]
    private let sealed: [UInt8]

    /// A new slot for a master key. Blocks for as long as the cost says.
    ///
    /// - Parameter configuration: the bytes of the repository's configuration, so that nobody can put another.
    init(
        master: Secret, credentials: RepositoryCredentials, label: String, cost: KeyDerivationCost,
        configuration: [UInt8]
    ) throws {
        info = RepositoryKeyInfo(
            id: Hexadecimal.text(try Sodium.randomBytes(16)), label: label, host: ProcessInfo.processInfo.hostName,
            created: Date())
        self.cost = cost
        salt = try Sodium.randomBytes(16)
        let key = try Sodium.stretch(credentials.secret, salt: salt, cost: cost)
        let context = Self.context(id: info.id, configuration)
        sealed = master.withBytes { Sodium.seal($0, context: context, key: key) }
    }

    /// The master key; nil when the credentials are others'. Blocks.
    func open(_ credentials: RepositoryCredentials, configuration: [UInt8]) throws -> Secret? {
        let key = try Sodium.stretch(credentials.secret, salt: salt, cost: cost)
        let context = Self.context(id: info.id, configuration)
        guard let master = sealed.withUnsafeBytes({ Sodium.open($0, context: context, key: key) }) else { return nil }
        return try Secret(consuming: master)
    }

    private static func context(id: String, _ configuration: [UInt8]) -> [UInt8] {
        RepositoryLayout.context("key", id) + configuration.withUnsafeBytes { Sodium.hash($0, key: nil) }.bytes
    }

    /// The document.
    var serialized: [UInt8] {
        let json: JSONValue = [
            "id": .string(info.id), "label": .string(info.label), "host": .string(info.host),
            "created": .string(RFC3339.format(info.created)),
            "derivation": [
                "name": "argon2id", "operations": .integer(Int64(cost.operations)),
                "memory": .integer(Int64(cost.memory)), "salt": .string(Hexadecimal.text(salt)),
            ],
            "masterKey": .string(Hexadecimal.text(sealed)),
        ]
        return Array((json.prettyPrinted() + "\n").utf8)
    }

    /// Reads the document; nil when it is none, or asks for more memory and time than any honest one.
    init?(id: String, parsing bytes: [UInt8]) {
        guard let json = try? JSONValue(parsing: bytes), json["id"]?.string == id, let derivation = json["derivation"],
            derivation["name"]?.string == "argon2id",
            let operations = derivation["operations"]?.integer.flatMap({ Int(exactly: $0) }),
            let memory = derivation["memory"]?.integer.flatMap({ Int(exactly: $0) }),
            let cost = KeyDerivationCost(operations: operations, memory: memory),
            let salt = derivation["salt"]?.string.flatMap({ Hexadecimal.bytes($0, limit: 16) }), salt.count == 16,
            let sealed = json["masterKey"]?.string.flatMap({ Hexadecimal.bytes($0, limit: 128) }),
            sealed.count == Sodium.keyBytes + Sodium.sealOverhead
        else { return nil }
        info = RepositoryKeyInfo(
            id: id, label: json["label"]?.string ?? "", host: json["host"]?.string ?? "",
            created: json["created"]?.string.flatMap(RFC3339.parse) ?? Date(timeIntervalSince1970: 0))
        self.cost = cost
        self.salt = salt
        self.sealed = sealed
    }
}
