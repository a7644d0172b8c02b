import Foundation
public import GodwitModel

extension Snapshot {
    /// The document as it is stored.
    var json: JSONValue {
        var json: JSONValue = [
            "volume": ["namespace": .string(volume.namespace), "name": .string(volume.name)],
            "started": .string(Moment.text(started)), "ended": .string(Moment.text(ended)),
            "host": .string(host), "path": .string(path),
            "tree": .array(tree.map { .string($0.description) }), "treeBytes": .integer(treeBytes),
            "totals": totals.json, "godwitVersion": .string(godwitVersion),
        ]
        json["backup"] = backup.map { .string($0) }
        json["parent"] = parent.map { .string($0.description) }
        json["expires"] = expires.map { .string(Moment.text($0)) }
        if !tags.isEmpty { json["tags"] = .array(tags.map { .string($0) }) }
        if !labels.isEmpty { json["labels"] = .object(labels.mapValues { .string($0) }) }
        return json
    }

    /// Reads a stored document; members that it does not know are passed over. nil when it is none.
    init?(json: JSONValue) {
        guard let namespace = json[path: "volume", "namespace"]?.string,
            let name = json[path: "volume", "name"]?.string,
            let started = json["started"]?.string.flatMap(RFC3339.parse),
            let ended = json["ended"]?.string.flatMap(RFC3339.parse), let host = json["host"]?.string,
            let path = json["path"]?.string, let chunks = json["tree"]?.array,
            let treeBytes = json["treeBytes"]?.integer, treeBytes >= 0
        else { return nil }
        var tree: [ChunkID] = []
        tree.reserveCapacity(chunks.count)
        for chunk in chunks {
            guard let id = chunk.string.flatMap({ ChunkID($0) }) else { return nil }
            tree.append(id)
        }
        self.init(
            volume: Volume(namespace: namespace, name: name), started: started, ended: ended, host: host, path: path,
            tree: tree, treeBytes: treeBytes)
        backup = json["backup"]?.string
        parent = json["parent"]?.string.flatMap { SnapshotID($0) }
        expires = json["expires"]?.string.flatMap(RFC3339.parse)
        tags = json["tags"]?.array?.compactMap(\.string) ?? []
        labels = json["labels"]?.object?.compactMapValues(\.string) ?? [:]
        totals = Totals(json: json["totals"] ?? .null)
        godwitVersion = json["godwitVersion"]?.string ?? ""
    }
}

extension Snapshot.Totals {
    private static let fields: [(String, any WritableKeyPath<Self, Int64> & Sendable)] = [
        ("files", \.files), ("directories", \.directories), ("others", \.others), ("bytes", \.bytes),
        ("newBytes", \.newBytes), ("storedBytes", \.storedBytes), ("skipped", \.skipped), ("errors", \.errors),
    ]

    /// The totals as a document has them.
    public var json: JSONValue {
        .object(Dictionary(uniqueKeysWithValues: Self.fields.map { ($0.0, .integer(self[keyPath: $0.1])) }))
    }

    /// Reads totals; what is missing is 0.
    public init(json: JSONValue) {
        self.init()
        for (name, field) in Self.fields { self[keyPath: field] = json[name]?.integer ?? 0 }
    }
}

/// Times of documents: RFC 3339 in UTC with milliseconds.
enum Moment {
    static func text(_ date: Date) -> String {
        let milliseconds = milliseconds(date)
        let fraction = String(milliseconds - milliseconds.floor(to: 1000))
        let whole = RFC3339.format(Date(timeIntervalSince1970: Double(milliseconds.floor(to: 1000) / 1000)))
        return "\(whole.dropLast()).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)Z"
    }

    /// Cut to what a document keeps.
    static func rounded(_ date: Date) -> Date { Date(timeIntervalSince1970: Double(milliseconds(date)) / 1000) }

    // Years 0 to 9999 are all that the format has.
    private static func milliseconds(_ date: Date) -> Int64 {
        Int64((min(max(date.timeIntervalSince1970, -62_167_219_200), 253_402_300_799) * 1000).rounded())
    }
}

extension Int64 {
    /// The greatest multiple that is not above.
    fileprivate func floor(to multiple: Int64) -> Int64 {
        let rest = self % multiple
        return rest < 0 ? self - rest - multiple : self - rest
    }
}
