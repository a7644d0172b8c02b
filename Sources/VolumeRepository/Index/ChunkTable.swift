/// The places of all chunks, in 48 bytes a chunk and eight to sixteen for finding it.
///
/// Entries stand one after the other in memory that grows by half, beside a table of their numbers with open
/// addressing that is never more than half full. There are no objects, and entries are never removed. Not for two threads at once.
final class ChunkTable {
    /// Where a chunk is.
    struct Place {
        /// The number that the owner of the table gave the pack.
        var pack: UInt32
        var offset: UInt32
        var length: UInt32
        var contentLength: UInt32
    }

    private struct Entry {
        var id: ChunkID
        var place: Place
    }

    private var entries: UnsafeMutablePointer<Entry>
    private var room: Int
    /// Numbers of entries plus one; 0 is free.
    private var slots: UnsafeMutablePointer<UInt32>
    private var mask: Int
    /// A stranger who chooses ids cannot choose who collides with whom.
    private let salt = UInt64.random(in: .min ... .max)
    /// How many chunks there are.
    private(set) var count = 0

    init() {
        room = 1024
        entries = .allocate(capacity: room)
        mask = 4095
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: 0, count: mask + 1)
    }

    deinit {
        entries.deallocate()
        slots.deallocate()
    }

    /// The number of a chunk's entry; nil when there is none.
    func number(of id: ChunkID) -> Int? {
        var slot = firstSlot(id)
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if entries[number].id == id { return number }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Where a chunk is; nil when it is nowhere.
    func place(of id: ChunkID) -> Place? { number(of: id).map { entries[$0].place } }

    /// An entry by its number, which counts from 0 in the order of insertion.
    subscript(number: Int) -> (id: ChunkID, place: Place) {
        precondition(number >= 0 && number < count)
        return (entries[number].id, entries[number].place)
    }

    /// Adds a chunk; false when it was there, which stays as it is.
    @discardableResult
    func insert(_ id: ChunkID, _ place: Place) -> Bool {
        var slot = firstSlot(id)
        while slots[slot] != 0 {
            if entries[Int(slots[slot]) - 1].id == id { return false }
            slot = (slot + 1) & mask
        }
        if count == room { growEntries() }
        (entries + count).initialize(to: Entry(id: id, place: place))
        count += 1
        slots[slot] = UInt32(count)
        if count * 2 > mask { growSlots() }
        return true
    }

    private func firstSlot(_ id: ChunkID) -> Int {
        let words = id.bigEndianWords
        let mixed = (words.0 ^ salt) &* 0x9E37_79B9_7F4A_7C15 ^ words.3
        return Int(truncatingIfNeeded: mixed ^ mixed >> 32) & mask
    }

    private func growEntries() {
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: room + room / 2)
        larger.moveInitialize(from: entries, count: count)
        entries.deallocate()
        entries = larger
        room += room / 2
    }

    private func growSlots() {
        slots.deallocate()
        mask = mask << 1 | 1
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: 0, count: mask + 1)
        for number in 0..<count {
            var slot = firstSlot(entries[number].id)
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(number + 1)
        }
    }
}
