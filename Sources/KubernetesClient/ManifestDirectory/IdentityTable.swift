import GodwitModel

/// A set of identities that takes a few dozen bytes for each, and numbers them from 0 on in the order they came.
///
/// Names stand one behind the other in one array, and what the objects of a resource in a namespace share is kept
/// once. Nothing is taken out: a number means the same identity for ever.
struct IdentityTable: Sendable {
    /// What the objects of a resource in a namespace share.
    private struct Shelf: Sendable, Hashable {
        let resource: GroupResource
        let namespace: String?
    }

    private struct Row: Sendable {
        let nameStart: Int
        let nameLength: UInt32
        let shelf: UInt32
    }

    private var shelves: [Shelf] = []
    private var shelfNumbers: [Shelf: UInt32] = [:]
    private var names: [UInt8] = []
    private var rows: [Row] = []
    /// Open addressing with linear probing: a row's number and 1, or 0 for a free place. At most half is taken.
    private var places: [UInt32] = Array(repeating: 0, count: 64)

    /// Identities in all.
    var count: Int { rows.count }

    /// The number of an identity; nil when it is not there.
    func number(of identity: ItemIdentity) -> Int? {
        let shelf = Shelf(resource: identity.resource, namespace: identity.namespace)
        guard let shelf = shelfNumbers[shelf] else { return nil }
        var name = identity.name
        return name.withUTF8 { name in
            let place = place(of: name, on: shelf)
            return places[place] == 0 ? nil : Int(places[place]) - 1
        }
    }

    /// The number of an identity, which is put in when it is not there.
    mutating func insert(_ identity: ItemIdentity) -> Int {
        let shelf = shelfNumber(Shelf(resource: identity.resource, namespace: identity.namespace))
        if rows.count * 2 >= places.count { grow() }
        var name = identity.name
        return name.withUTF8 { name in
            let place = place(of: name, on: shelf)
            if places[place] != 0 { return Int(places[place]) - 1 }
            rows.append(Row(nameStart: names.count, nameLength: UInt32(name.count), shelf: shelf))
            names.append(contentsOf: name)
            places[place] = UInt32(rows.count)
            return rows.count - 1
        }
    }

    /// The identity with a number.
    subscript(number: Int) -> ItemIdentity {
        let row = rows[number]
        let shelf = shelves[Int(row.shelf)]
        let name = String(decoding: names[row.nameStart..<row.nameStart + Int(row.nameLength)], as: UTF8.self)
        return ItemIdentity(resource: shelf.resource, namespace: shelf.namespace, name: name)
    }

    /// The numbers of a resource's objects, ordered by namespace and name, byte by byte.
    func numbers(of resource: GroupResource, namespace: String?) -> [Int] {
        let wanted = shelves.indices.filter {
            shelves[$0].resource == resource && (namespace == nil || shelves[$0].namespace == namespace)
        }.sorted {
            (shelves[$0].namespace ?? "").utf8.lexicographicallyPrecedes((shelves[$1].namespace ?? "").utf8)
        }
        guard !wanted.isEmpty else { return [] }
        var ranks: [Int?] = Array(repeating: nil, count: shelves.count)
        for (rank, shelf) in wanted.enumerated() { ranks[shelf] = rank }
        let found = rows.indices.filter { ranks[Int(rows[$0].shelf)] != nil }
        return names.withUnsafeBufferPointer { names in
            func name(_ row: Row) -> Slice<UnsafeBufferPointer<UInt8>> {
                names[row.nameStart..<row.nameStart + Int(row.nameLength)]
            }
            return found.sorted { left, right in
                let (left, right) = (rows[left], rows[right])
                if left.shelf != right.shelf { return (ranks[Int(left.shelf)] ?? 0) < (ranks[Int(right.shelf)] ?? 0) }
                return name(left).lexicographicallyPrecedes(name(right))
            }
        }
    }

    private mutating func shelfNumber(_ shelf: Shelf) -> UInt32 {
        if let number = shelfNumbers[shelf] { return number }
        let number = UInt32(shelves.count)
        shelves.append(shelf)
        shelfNumbers[shelf] = number
        return number
    }

    /// Where a name stands, or where it would.
    private func place(of name: UnsafeBufferPointer<UInt8>, on shelf: UInt32) -> Int {
        var place = Self.hash(UnsafeRawBufferPointer(name), shelf) & (places.count - 1)
        while places[place] != 0 {
            let row = rows[Int(places[place]) - 1]
            if row.shelf == shelf, Int(row.nameLength) == name.count,
                names[row.nameStart..<row.nameStart + name.count].elementsEqual(name)
            {
                return place
            }
            place = (place + 1) & (places.count - 1)
        }
        return place
    }

    /// Seeded anew in each process, so that nobody can choose names that collide.
    private static func hash(_ name: UnsafeRawBufferPointer, _ shelf: UInt32) -> Int {
        var hasher = Hasher()
        hasher.combine(shelf)
        hasher.combine(bytes: name)
        return hasher.finalize()
    }

    private mutating func grow() {
        var wider = [UInt32](repeating: 0, count: places.count * 2)
        names.withUnsafeBytes { names in
            for (number, row) in rows.enumerated() {
                let name = UnsafeRawBufferPointer(rebasing: names[row.nameStart..<row.nameStart + Int(row.nameLength)])
                var place = Self.hash(name, row.shelf) & (wider.count - 1)
                while wider[place] != 0 { place = (place + 1) & (wider.count - 1) }
                wider[place] = UInt32(number + 1)
            }
        }
        places = wider
    }
}
