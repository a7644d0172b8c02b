import GodwitModel
import Tarball

/// The index of a backup in memory, packed: about 90 bytes an item and its name.
///
/// A restore has to order the items, look some up by identity, and go through them more than once; so this is what
/// grows with the number of items, and nothing else does.
final class BackupIndex: Sendable {
    /// The position of an item in the tarball's order.
    typealias Row = Int32

    private struct Record {
        var frame: Int64
        var offset: Int64
        var length: Int64
        var checksum: (UInt64, UInt64, UInt64, UInt64)
        var nameStart: Int
        var nameLength: UInt16
        var type: UInt32
        /// Index into `namespaces`; -1 for cluster-scoped items.
        var namespace: Int32
        var hasChecksum: Bool
    }

    /// Everything that items of one kind share.
    struct ItemType: Hashable, Sendable {
        let resource: GroupResource
        let apiVersion: String
        let kind: String
    }

    private let records: [Record]
    private let names: [UInt8]
    private let types: [ItemType]
    private let namespaces: [String]
    private let rowsByHash: [UInt64: Row]

    /// The rows of each resource, in tarball order.
    let rowsByResource: [GroupResource: [Row]]

    /// Reads the index of a backup.
    init(_ contents: any BackupContents) async throws {
        var builder = Builder()
        try await contents.forEachEntry { batch in
            for entry in batch { builder.add(entry) }
        }
        records = builder.records
        names = builder.names
        types = builder.types
        namespaces = builder.namespaces
        rowsByHash = builder.rowsByHash
        rowsByResource = builder.rowsByResource
    }

    /// Items in all.
    var count: Int { records.count }

    /// The whole entry of a row.
    subscript(row: Row) -> IndexEntry {
        let record = records[Int(row)]
        let type = types[Int(record.type)]
        return IndexEntry(
            identity: identity(record), apiVersion: type.apiVersion, kind: type.kind, uid: "",
            location: ContentLocation(frame: record.frame, offset: record.offset, length: record.length),
            sha256: record.hasChecksum ? Self.bytes(record.checksum) : [])
    }

    /// The namespace of a row; nil for a cluster-scoped item.
    func namespace(_ row: Row) -> String? {
        let index = records[Int(row)].namespace
        return index < 0 ? nil : namespaces[Int(index)]
    }

    /// The size of an item's JSON text in bytes.
    func size(_ row: Row) -> Int64 { records[Int(row)].length }

    /// The `apiVersion` of a row.
    func apiVersion(_ row: Row) -> String { types[Int(records[Int(row)].type)].apiVersion }

    /// The row of an item; nil when the backup has no such item.
    func row(_ identity: ItemIdentity) -> Row? {
        var hash = Self.hash(identity)
        // Rows whose hashes collide were given the next free one.
        while let row = rowsByHash[hash] {
            if self.identity(records[Int(row)]) == identity { return row }
            hash &+= 1
        }
        return nil
    }

    private func identity(_ record: Record) -> ItemIdentity {
        let start = record.nameStart
        return ItemIdentity(
            resource: types[Int(record.type)].resource,
            namespace: record.namespace < 0 ? nil : namespaces[Int(record.namespace)],
            name: String(decoding: names[start..<start + Int(record.nameLength)], as: UTF8.self))
    }

    private static func hash(_ identity: ItemIdentity) -> UInt64 {
        UInt64(bitPattern: Int64(identity.hashValue))
    }

    private static func bytes(_ checksum: (UInt64, UInt64, UInt64, UInt64)) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for word in [checksum.0, checksum.1, checksum.2, checksum.3] {
            for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return bytes
    }

    private struct Builder {
        var records: [Record] = []
        var names: [UInt8] = []
        var types: [ItemType] = []
        var namespaces: [String] = []
        var rowsByHash: [UInt64: Row] = [:]
        var rowsByResource: [GroupResource: [Row]] = [:]
        private var typeIndex: [ItemType: UInt32] = [:]
        private var namespaceIndex: [String: Int32] = [:]

        mutating func add(_ entry: IndexEntry) {
            let row = Row(records.count)
            let name = Array(entry.identity.name.utf8)
            records.append(
                Record(
                    frame: entry.location.frame, offset: entry.location.offset, length: entry.location.length,
                    checksum: Self.words(entry.sha256), nameStart: names.count,
                    nameLength: UInt16(clamping: name.count), type: type(of: entry),
                    namespace: entry.identity.namespace.map { intern($0) } ?? -1,
                    hasChecksum: entry.sha256.count == 32))
            names.append(contentsOf: name.prefix(Int(UInt16.max)))
            rowsByResource[entry.identity.resource, default: []].append(row)
            var hash = BackupIndex.hash(entry.identity)
            while rowsByHash[hash] != nil { hash &+= 1 }
            rowsByHash[hash] = row
        }

        private mutating func type(of entry: IndexEntry) -> UInt32 {
            let type = ItemType(resource: entry.identity.resource, apiVersion: entry.apiVersion, kind: entry.kind)
            if let index = typeIndex[type] { return index }
            let index = UInt32(types.count)
            types.append(type)
            typeIndex[type] = index
            return index
        }

        private mutating func intern(_ namespace: String) -> Int32 {
            if let index = namespaceIndex[namespace] { return index }
            let index = Int32(namespaces.count)
            namespaces.append(namespace)
            namespaceIndex[namespace] = index
            return index
        }

        private static func words(_ checksum: [UInt8]) -> (UInt64, UInt64, UInt64, UInt64) {
            guard checksum.count == 32 else { return (0, 0, 0, 0) }
            func word(_ start: Int) -> UInt64 {
                checksum[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
            }
            return (word(0), word(8), word(16), word(24))
        }
    }
}
