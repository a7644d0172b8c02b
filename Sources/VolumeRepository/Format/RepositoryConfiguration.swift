public import Foundation
import GodwitModel

/// What a repository is, as `repository/config.json` says; it never changes.
public struct RepositoryConfiguration: Sendable, Hashable {
    /// The version of the format that is written and read here.
    public static let version: Int64 = 1

    /// The zstd level of new repositories. See docs/decisions/0007.
    public static let standardLevel = 2

    static let formatName = "godwit-repository"
    static let hashName = "blake2b-256"
    static let cipherName = "xchacha20-poly1305"

    /// Random, 32 hexadecimal digits.
    public let id: String
    /// When it was made.
    public let created: Date
    /// Whether content and names are encrypted.
    public let isEncrypted: Bool
    /// The zstd level of writers that have no reason for another.
    public let compressionLevel: Int

    init(id: String, created: Date, isEncrypted: Bool, compressionLevel: Int) {
        self.id = id
        self.created = created
        self.isEncrypted = isEncrypted
        self.compressionLevel = compressionLevel
    }

    /// The document.
    var serialized: [UInt8] {
        let json: JSONValue = [
            "format": .string(Self.formatName), "version": .integer(Self.version), "id": .string(id),
            "created": .string(RFC3339.format(created)), "hash": .string(Self.hashName),
            "encryption": isEncrypted ? .string(Self.cipherName) : .null,
            "compression": ["name": "zstd", "level": .integer(Int64(compressionLevel))],
        ]
        return Array((json.prettyPrinted() + "\n").utf8)
    }

    /// Reads the document.
    ///
    /// - Throws: ``RepositoryError/Kind/unsupported`` for what is newer, ``RepositoryError/Kind/damaged``.
    init(parsing bytes: [UInt8]) throws {
        let key = RepositoryLayout.configuration
        guard let json = try? JSONValue(parsing: bytes), json["format"]?.string == Self.formatName,
            let version = json["version"]?.integer
        else { throw RepositoryError(.damaged, subject: key, reason: "it is not the document of a repository") }
        guard version == Self.version else {
            throw RepositoryError(.unsupported, subject: key, reason: "version \(version); this is \(Self.version)")
        }
        guard json["hash"]?.string == Self.hashName else {
            throw RepositoryError(.unsupported, subject: key, reason: "an unknown hash")
        }
        switch json["encryption"] {
        case .null?: isEncrypted = false
        case .string(Self.cipherName)?: isEncrypted = true
        default: throw RepositoryError(.unsupported, subject: key, reason: "an unknown encryption")
        }
        guard let id = json["id"]?.string, Hexadecimal.bytes(id, limit: 16)?.count == 16,
            let created = json["created"]?.string.flatMap(RFC3339.parse)
        else { throw RepositoryError(.damaged, subject: key, reason: "id or time are missing") }
        self.id = id
        self.created = created
        let level = json[path: "compression", "level"]?.integer ?? Int64(Self.standardLevel)
        compressionLevel = (1...19).contains(level) ? Int(level) : Self.standardLevel
    }
}
