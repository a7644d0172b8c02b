import GodwitModel
import Tarball

/// The index of a backup in memory, packed: about 80 bytes an item and its name.
///
/// A restore has to order the items, look some up by identity, and go through them more than once; so this is what
/// grows with the number of items, and nothing else does.
final class BackupIndex: Sendable {
    /// The position of an item in the tarball's order.
    typealias Row = Int32

    fileprivate struct Record {
        var offset: Int64
        /// Index into `frames`.
        var frame: UInt32
        var length: UInt32
        /// Where the name ends in `names`; it begins where that of the row before ends.
        var nameEnd: UInt32
        /// Index into `types`.
        var type: UInt32
        /// Index into `namespaces`; -1 for cluster-scoped items.
        var namespace: Int32
    }

    /// Everything that items of one kind share.
    fileprivate struct ItemType: Hashable, Sendable {
        let resource: GroupResource
        let apiVersion: String
        let kind: String
    }

    private let records: [Record]
    private let names: [UInt8]
    private let frames: [Int64]
    /// 32 bytes a row, or nothing in formats without checksums.
    private let checksums: [UInt8]
    private let types: [ItemType]
    private let namespaces: [String]
    private let namespaceNumbers: [String: Int32]
    /// Open addressing: a row, or -1.
    private let slots: [Row]

    /// The rows of each resource, in tarball order.
    let rowsByResource: [GroupResource: [Row]]

    /// Reads the index of a backup.
    init(_ contents: any BackupContents) async throws {
        var builder = Builder(expecting: contents.backup.status.itemsBackedUp)
        try await contents.forEachEntry { batch in
            for entry in batch { builder.add(entry) }
        }
        records = builder.records
        names = builder.names
        frames = builder.frames
        checksums = builder.hasChecksums ? builder.checksums : []
        types = builder.types
        namespaces = builder.namespaces
        namespaceNumbers = builder.namespaceNumbers
        rowsByResource = builder.rowsByResource()
        slots = builder.slots()
    }

    /// Items in all.
    var count: Int { records.count }

    /// All namespaces that hold items.
    var allNamespaces: [String] { namespaces }

    /// The whole entry of a row.
    subscript(row: Row) -> IndexEntry {
        let record = records[Int(row)]
        let type = types[Int(record.type)]
        let checksum = Int(row) * 32..<Int(row) * 32 + 32
        return IndexEntry(
            identity: identity(row), apiVersion: type.apiVersion, kind: type.kind, uid: "",
            location: ContentLocation(
                frame: frames[Int(record.frame)], offset: record.offset, length: Int64(record.length)),
            sha256: checksums.isEmpty ? [] : Array(checksums[checksum]))
    }

    /// Which object a row is.
    func identity(_ row: Row) -> ItemIdentity {
        let record = records[Int(row)]
        return ItemIdentity(
            resource: types[Int(record.type)].resource, namespace: namespace(row),
            name: String(decoding: names[nameRange(row)], as: UTF8.self))
    }

    /// The namespace of a row; nil for a cluster-scoped item.
    func namespace(_ row: Row) -> String? {
        let number = records[Int(row)].namespace
        return number < 0 ? nil : namespaces[Int(number)]
    }

    /// The size of an item's JSON text in bytes.
    func size(_ row: Row) -> Int64 { Int64(records[Int(row)].length) }

    /// The `apiVersion` of a row.
    func apiVersion(_ row: Row) -> String { types[Int(records[Int(row)].type)].apiVersion }

    /// The row of an item, the first if the backup names it twice; nil when the backup has no such item.
    func row(_ identity: ItemIdentity) -> Row? {
        var number: Int32 = -1
        if let namespace = identity.namespace {
            guard let known = namespaceNumbers[namespace] else { return nil }
            number = known
        }
        var name = identity.name
        return name.withUTF8 { name in
            var slot = Self.hash(name, number) & (slots.count - 1)
            while slots[slot] >= 0 {
                let row = slots[slot]
                let record = records[Int(row)]
                if record.namespace == number, names[nameRange(row)].elementsEqual(name),
                    types[Int(record.type)].resource == identity.resource
                {
                    return row
                }
                slot = (slot + 1) & (slots.count - 1)
            }
            return nil
        }
    }

    private func nameRange(_ row: Row) -> Range<Int> {
        let start = row == 0 ? 0 : records[Int(row) - 1].nameEnd
        return Int(start)..<Int(records[Int(row)].nameEnd)
    }

    /// FNV-1a, of name and namespace: seldom have many resources an object of one name.
    fileprivate static func hash(_ name: some Sequence<UInt8>, _ namespace: Int32) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(UInt32(bitPattern: namespace))
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return Int(truncatingIfNeeded: hash ^ (hash >> 29)) & Int.max
    }
}

private struct Builder {
    var records: [BackupIndex.Record] = []
    var names: [UInt8] = []
    var frames: [Int64] = []
    var checksums: [UInt8] = []
    var hasChecksums = true
    var types: [BackupIndex.ItemType] = []
    var namespaces: [String] = []
    var namespaceNumbers: [String: Int32] = [:]
    private var typeNumbers: [BackupIndex.ItemType: UInt32] = [:]

    /// - Parameter count: how many items the metadata counts; arrays that double their room would take up to twice as
    ///   much. Beyond a million it is not believed.
    init(expecting count: Int) {
        let count = max(0, min(count, 1 << 20))
        records.reserveCapacity(count)
        checksums.reserveCapacity(count * 32)
        names.reserveCapacity(count * 24)
    }

    mutating func add(_ entry: IndexEntry) {
        names.append(contentsOf: entry.identity.name.utf8)
        if frames.last != entry.location.frame { frames.append(entry.location.frame) }
        if entry.sha256.count == 32 { checksums += entry.sha256 } else { hasChecksums = false }
        records.append(
            BackupIndex.Record(
                offset: entry.location.offset, frame: UInt32(frames.count - 1),
                // An item that large is not believed when it is read.
                length: UInt32(clamping: entry.location.length), nameEnd: UInt32(clamping: names.count),
                type: number(
                    of: BackupIndex.ItemType(
                        resource: entry.identity.resource, apiVersion: entry.apiVersion, kind: entry.kind)),
                namespace: entry.identity.namespace.map { number(of: $0) } ?? -1))
    }

    private mutating func number(of type: BackupIndex.ItemType) -> UInt32 {
        if let number = typeNumbers[type] { return number }
        let number = UInt32(types.count)
        types.append(type)
        typeNumbers[type] = number
        return number
    }

    private mutating func number(of namespace: String) -> Int32 {
        if let number = namespaceNumbers[namespace] { return number }
        let number = Int32(namespaces.count)
        namespaces.append(namespace)
        namespaceNumbers[namespace] = number
        return number
    }

    func rowsByResource() -> [GroupResource: [BackupIndex.Row]] {
        var byType = [[BackupIndex.Row]](repeating: [], count: types.count)
        for (row, record) in records.enumerated() { byType[Int(record.type)].append(BackupIndex.Row(row)) }
        var byResource: [GroupResource: [BackupIndex.Row]] = [:]
        for (type, rows) in zip(types, byType) {
            let known = byResource[type.resource] ?? []
            byResource[type.resource] = known.isEmpty ? rows : (known + rows).sorted()
        }
        return byResource
    }

    func slots() -> [BackupIndex.Row] {
        var size = 16
        while size < records.count * 2 { size *= 2 }
        var slots = [BackupIndex.Row](repeating: -1, count: size)
        var start = 0
        for (row, record) in records.enumerated() {
            let end = Int(record.nameEnd)
            var slot = BackupIndex.hash(names[start..<end], record.namespace) & (size - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = BackupIndex.Row(row)
            start = end
        }
        return slots
    }
}
