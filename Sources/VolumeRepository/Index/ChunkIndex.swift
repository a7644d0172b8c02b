import Synchronization

/// Where every chunk of a repository is, as a run found it when it began, and what the run has added.
final class ChunkIndex: Sendable {
    /// A chunk's pack and place in it.
    struct Location: Sendable {
        let pack: PackID
        let chunk: PackedChunk
    }

    private struct State {
        let table = ChunkTable()
        var packs: [PackID] = []

        func location(_ id: ChunkID, _ place: ChunkTable.Place) -> Location {
            Location(
                pack: packs[Int(place.pack)],
                chunk: PackedChunk(
                    id: id, offset: place.offset, length: place.length, contentLength: place.contentLength))
        }

        mutating func add(_ pack: PackContents) {
            let number = UInt32(packs.count)
            packs.append(pack.id)
            for chunk in pack.chunks {
                table.insert(
                    chunk.id,
                    ChunkTable.Place(
                        pack: number, offset: chunk.offset, length: chunk.length, contentLength: chunk.contentLength))
            }
        }
    }

    private let state = Mutex(State())
    private let flaws = Mutex<[RepositoryError]>([])

    /// The index objects that could not be used.
    var problems: [RepositoryError] { flaws.withLock { $0 } }

    /// Notes an index object that cannot be used.
    func add(problem: RepositoryError) { flaws.withLock { $0.append(problem) } }

    /// How many chunks there are.
    var count: Int { state.withLock { $0.table.count } }

    /// All packs.
    var packIDs: [PackID] { state.withLock { $0.packs } }

    /// The number of a chunk, which stays its own; nil when it is not there.
    func number(of id: ChunkID) -> Int? { state.withLock { $0.table.number(of: id) } }

    /// Where the chunk of a number is.
    func location(number: Int) -> Location? {
        state.withLock { state in
            let (id, place) = state.table[number]
            return place.pack == .max ? nil : state.location(id, place)
        }
    }

    /// Adds the chunks of a pack; those that are there stay where they are.
    func add(_ pack: PackContents) { state.withLock { $0.add(pack) } }

    /// Notes that a chunk is in a pack that is being written.
    func claim(_ id: ChunkID) {
        _ = state.withLock {
            $0.table.insert(id, ChunkTable.Place(pack: .max, offset: 0, length: 0, contentLength: 0))
        }
    }

    /// Whether a chunk is there.
    func contains(_ id: ChunkID) -> Bool { state.withLock { $0.table.number(of: id) != nil } }

    /// Where a chunk is; nil when it is nowhere.
    func location(of id: ChunkID) -> Location? {
        state.withLock { state in
            guard let place = state.table.place(of: id), place.pack != .max else { return nil }
            return state.location(id, place)
        }
    }
}
