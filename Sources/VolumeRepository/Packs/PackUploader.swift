import GodwitPluginAPI
import Streams
import Synchronization

/// Stores full packs, a few at a time, and writes the index of what it has stored.
final class PackUploader: Sendable {
    private struct State {
        var running: [UInt64: Task<Void, Never>] = [:]
        var nextID: UInt64 = 0
        var unindexed: [PackContents] = []
        var failure: (any Error)?
    }

    private let index: IndexObjects
    private let lock: RepositoryLock
    private let packsPerIndex: Int
    private let slots: Slots
    /// One index object is written at a time, so that a flush does not pass one that another flush is writing.
    private let indexTurn = Slots(1)
    private let state = Mutex(State())

    /// - Parameter lock: of the run that the packs are of: packs of a run that was taken for dead are gone already.
    init(index: IndexObjects, lock: RepositoryLock, tuning: RepositoryTuning) {
        self.index = index
        self.lock = lock
        packsPerIndex = max(1, tuning.packsPerIndex)
        slots = Slots(tuning.uploads)
    }

    /// Waits while as many packs are on their way as may be.
    ///
    /// - Throws: what went wrong with one of them.
    func waitForRoom() async throws {
        try requireSound()
        try await slots.wait()
        try requireSound()
    }

    /// Begins to store a pack, as soon as there is room for it. A flush that begins after this call waits for it.
    ///
    /// Whoever gives packs waits for room before the next one.
    func begin(_ pack: consuming PackBuilder) {
        let pack = PackHandover(pack)
        state.withLock { state in
            let id = state.nextID
            state.nextID += 1
            state.running[id] = Task {
                do {
                    try await self.slots.take()
                    defer { self.slots.give() }
                    try await self.upload(pack)
                } catch {
                    self.state.withLock { $0.failure = $0.failure ?? error }
                }
                self.state.withLock { _ = $0.running.removeValue(forKey: id) }
            }
        }
    }

    /// Waits until all packs that were given to it are stored, and writes what is missing in the index.
    func flush() async throws {
        for task in state.withLock({ Array($0.running.values) }) { await task.value }
        try requireSound()
        try await writeIndex(ifAtLeast: 1)
        try requireSound()
    }

    /// Stops what is going on; nothing can be stored afterwards.
    func cancel() async {
        let running = state.withLock { state in
            state.failure = state.failure ?? CancellationError()
            return Array(state.running.values)
        }
        for task in running { task.cancel() }
        for task in running { await task.value }
    }

    /// - Throws: what went wrong before.
    func requireSound() throws {
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    private func upload(_ pack: PackHandover) async throws {
        let codec = index.codec
        guard let (contents, bytes) = try await BlockingPool.shared.run({ try pack.take()?.finish(codec) }) else {
            return
        }
        try await index.objects.store.put(RepositoryLayout.pack(contents.id), .bytes(bytes), options: PutOptions())
        state.withLock { $0.unindexed.append(contents) }
        try await writeIndex(ifAtLeast: packsPerIndex)
    }

    private func writeIndex(ifAtLeast count: Int) async throws {
        try await indexTurn.take()
        defer { indexTurn.give() }
        let packs = state.withLock { state -> [PackContents] in
            guard state.unindexed.count >= count else { return [] }
            defer { state.unindexed = [] }
            return state.unindexed
        }
        guard !packs.isEmpty else { return }
        do {
            _ = try await lock.guarding {
                try await index.write(packs)
            } undo: { [index] in
                try await index.delete($0)
            }
        } catch {
            // The writer has failed; its packs are left for the next prune.
            state.withLock { $0.failure = $0.failure ?? error }
            throw error
        }
    }
}

/// A pack on its way from who filled it to who finishes it. It is taken out once and not shared: what has a second owner
/// is copied when it is changed, and a pack is large.
private final class PackHandover: Sendable {
    private let pack: Mutex<PackBuilder?>

    init(_ pack: consuming PackBuilder) { self.pack = Mutex(pack) }

    func take() -> PackBuilder? { pack.withLock { $0.take() } }
}
