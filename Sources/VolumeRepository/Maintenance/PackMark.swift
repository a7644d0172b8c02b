import Foundation
import GodwitModel
import GodwitPluginAPI

/// A prune's note of packs that it is going to delete: `repository/marks/<id>.json`.
struct PackMark: Sendable, Hashable {
    /// Random, 32 hexadecimal digits.
    let id: String
    /// When it was made, by the prune's clock.
    let created: Date
    /// The packs.
    let packs: [PackID]
    /// When it was written, by the store's clock; nil where the store does not say.
    var modified: Date?

    var serialized: [UInt8] {
        let json: JSONValue = [
            "created": .string(RFC3339.format(created)), "packs": .array(packs.map { .string($0.description) }),
        ]
        return json.serialized()
    }

    init(packs: [PackID]) throws {
        id = Hexadecimal.text(try Sodium.randomBytes(16))
        created = Date()
        self.packs = packs
    }

    /// Reads the document.
    ///
    /// - Throws: ``RepositoryError/Kind/damaged``.
    init(id: String, parsing bytes: [UInt8]) throws {
        let damage = RepositoryError(.damaged, subject: RepositoryLayout.mark(id), reason: "it is not a list of packs")
        guard let json = try? JSONValue(parsing: bytes), let names = json["packs"]?.array,
            let created = json["created"]?.string.flatMap(RFC3339.parse)
        else { throw damage }
        self.id = id
        self.created = created
        packs = try names.map { name in
            guard let id = name.string.flatMap({ PackID($0) }) else { throw damage }
            return id
        }
    }
}

/// The marks of a repository.
struct PackMarks: Sendable {
    let objects: RepositoryObjects

    /// All marks that can be read, and the keys of those that cannot.
    ///
    /// Nothing is deleted because of one that cannot, so it does no harm.
    func list() async throws -> (marks: [PackMark], damaged: [String]) {
        var marks: [PackMark] = []
        var damaged: [String] = []
        for object in try await objects.list(RepositoryLayout.marks) {
            guard let id = RepositoryLayout.name(ofKey: object.key, below: RepositoryLayout.marks, ending: ".json")
            else { continue }
            do {
                guard let bytes = try await objects.read(object.key) else { continue }
                var mark = try PackMark(id: id, parsing: bytes)
                mark.modified = object.modified
                marks.append(mark)
            } catch is RepositoryError {
                damaged.append(object.key)
            }
        }
        return (marks, damaged)
    }
}
