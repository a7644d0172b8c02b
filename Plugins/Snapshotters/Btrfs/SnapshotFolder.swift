import Foundation
import Glibc
import GodwitModel

/// The folder in which the snapshots of a file system are kept.
///
/// Each has a folder of its own, which gets its name when everything is in it: `data`, the read-only subvolume, and
/// `snapshot.json`, which says of what it is. A folder that begins with a dot was left by a killed run.
struct SnapshotFolder: Sendable {
    let path: String

    private static let content = "data"
    private static let description = "snapshot.json"
    private static let unfinished = ".unfinished-"

    /// What is kept of a snapshot.
    struct Entry: Sendable, Hashable {
        /// The path of the volume.
        var volume: String
        /// The path of the volume in the snapshot; empty when it is the subvolume itself.
        var inside: String
        /// What it was tagged with.
        var tags: [String: String]
        /// When it was taken.
        var taken: Date

        var json: JSONValue {
            [
                "volume": .string(volume), "inside": .string(inside), "taken": .string(RFC3339.format(taken)),
                "tags": .object(tags.mapValues { .string($0) }),
            ]
        }

        init(volume: String, inside: String, tags: [String: String], taken: Date) {
            self.volume = volume
            self.inside = inside
            self.tags = tags
            self.taken = taken
        }

        init?(json: JSONValue) {
            guard let volume = json["volume"]?.string, let inside = json["inside"]?.string,
                !inside.split(separator: "/").contains("..")
            else { return nil }
            self.init(
                volume: volume, inside: inside, tags: (json["tags"]?.object ?? [:]).compactMapValues(\.string),
                taken: json["taken"]?.string.flatMap(RFC3339.parse) ?? Date(timeIntervalSince1970: 0))
        }
    }

    /// Whether a text can be the id of a snapshot.
    static func isID(_ text: String) -> Bool {
        text.utf8.count == 36
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) || $0 == 0x2D }
    }

    /// Takes a snapshot of a subvolume.
    ///
    /// - Parameter check: looks at the snapshot, by its path, before it gets its name.
    /// - Returns: its id.
    /// - Throws: ``LeftBehind`` when what a failed call has made could not be removed.
    func add(
        _ subvolume: BtrfsDirectory, _ entry: Entry, checkedBy check: (_ content: String) throws -> Void
    ) throws -> String {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw BtrfsError("make the directory", path) }
        let id = UUID().uuidString.lowercased()
        let draft = "\(path)/\(Self.unfinished)\(id)"
        guard mkdir(draft, 0o700) == 0 else { throw BtrfsError("make the directory", draft) }
        do {
            let text = Data(entry.json.prettyPrinted().utf8)
            try text.write(to: URL(fileURLWithPath: "\(draft)/\(Self.description)"))
            try subvolume.snapshot(in: BtrfsDirectory(draft), as: Self.content, readOnly: true)
            try check("\(draft)/\(Self.content)")
            guard rename(draft, folder(id)) == 0 else { throw BtrfsError("give its name to", draft) }
            return id
        } catch {
            do {
                try clear(draft)
            } catch let second {
                throw LeftBehind(cause: error, what: "'\(draft)'", why: "\(second)")
            }
            throw error
        }
    }

    /// What is known of a snapshot; nil when there is none.
    func entry(_ id: String) throws -> Entry? {
        guard Self.isID(id) else { return nil }
        let file = "\(folder(id))/\(Self.description)"
        guard access(file, F_OK) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw BtrfsError("look at", file)
        }
        let text = try Data(contentsOf: URL(fileURLWithPath: file))
        guard text.count <= 1 << 20, let entry = Entry(json: try JSONValue(parsing: Array(text))) else {
            throw BtrfsError("understand", file, EINVAL)
        }
        return entry
    }

    /// Where the snapshot's subvolume is.
    func content(_ id: String) -> String { "\(folder(id))/\(Self.content)" }

    /// Removes a snapshot; one that is not there is removed.
    func remove(_ id: String) throws {
        guard Self.isID(id) else { return }
        let draft = "\(path)/\(Self.unfinished)\(id)"
        // From here on there is no such snapshot, whatever happens.
        guard rename(folder(id), draft) == 0 else {
            guard errno == ENOENT else { throw BtrfsError("remove", folder(id)) }
            // An earlier call may have come so far and no further.
            if access(draft, F_OK) == 0 { try clear(draft) }
            return
        }
        try clear(draft)
    }

    /// Snapshots of a volume, by id.
    func entries() throws -> [String: Entry] {
        var found: [String: Entry] = [:]
        // It is made with the first snapshot.
        guard access(path, F_OK) == 0 else { return found }
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where Self.isID(name) {
            found[name] = try entry(name)
        }
        return found
    }

    private func folder(_ id: String) -> String { "\(path)/\(id)" }

    private func clear(_ draft: String) throws {
        try BtrfsDirectory(draft).removeSubvolume(Self.content)
        guard unlink("\(draft)/\(Self.description)") == 0 || errno == ENOENT, rmdir(draft) == 0 else {
            throw BtrfsError("remove", draft)
        }
    }
}

/// A call failed, and what it had made could not be removed either.
struct LeftBehind: Error {
    let cause: any Error
    /// What stays.
    let what: String
    /// Why.
    let why: String
}
