/// Where things are below a location's prefix. See docs/repository-format.md.
enum RepositoryLayout {
    static let root = "repository/"
    static let configuration = "repository/config.json"
    static let keys = "repository/keys/"
    static let packs = "repository/packs/"
    static let index = "repository/index/"
    static let snapshots = "repository/snapshots/"
    static let locks = "repository/locks/"
    static let marks = "repository/marks/"

    static func key(_ id: String) -> String { "\(keys)\(id).json" }
    static func lock(_ id: String) -> String { "\(locks)\(id).json" }
    static func mark(_ id: String) -> String { "\(marks)\(id).json" }

    static func pack(_ id: PackID) -> String {
        let name = id.description
        return "\(packs)\(name.prefix(2))/\(name).tar"
    }

    /// The id of the pack whose key this is; nil when it is none's.
    static func packID(ofKey key: String) -> PackID? {
        guard key.hasPrefix(packs), key.hasSuffix(".tar"),
            let id = PackID(key.dropFirst(packs.count + 3).dropLast(4)), pack(id) == key
        else { return nil }
        return id
    }

    static func index(_ id: ChunkID, sealed: Bool) -> String { "\(index)\(id).zst\(sealed ? ".sealed" : "")" }

    static func indexID(ofKey key: String, sealed: Bool) -> ChunkID? {
        hashedID(ofKey: key, below: index, ending: sealed ? ".zst.sealed" : ".zst")
    }

    static func snapshot(_ id: SnapshotID, sealed: Bool) -> String {
        "\(snapshots)\(id).json\(sealed ? ".sealed" : "")"
    }

    static func snapshotID(ofKey key: String, sealed: Bool) -> SnapshotID? {
        hashedID(ofKey: key, below: snapshots, ending: sealed ? ".json.sealed" : ".json").map(SnapshotID.init(hash:))
    }

    /// The name between a folder and an ending; nil when the key is not of that form.
    static func name(ofKey key: String, below folder: String, ending: String) -> String? {
        guard key.hasPrefix(folder), key.hasSuffix(ending), key.utf8.count > folder.utf8.count + ending.utf8.count
        else { return nil }
        let name = key.dropFirst(folder.count).dropLast(ending.count)
        return name.contains("/") ? nil : String(name)
    }

    private static func hashedID(ofKey key: String, below folder: String, ending: String) -> ChunkID? {
        name(ofKey: key, below: folder, ending: ending).flatMap { ChunkID($0) }
    }

    /// What sealing binds a stored object to: its kind and id.
    static func context(_ kind: StaticString, _ id: some CustomStringConvertible) -> [UInt8] {
        Array("\(kind)/\(id)".utf8)
    }
}
