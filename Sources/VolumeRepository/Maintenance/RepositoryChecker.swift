import GodwitModel
import GodwitPluginAPI
import Streams
import Synchronization

/// Goes through a repository and notes what is wrong.
final class RepositoryChecker: Sendable {
    private struct State {
        var report = CheckReport()
        /// Chunks that cannot be read, where they are, and the number of the problem.
        var bad: [ChunkID: (pack: PackID, problem: Int)] = [:]
    }

    private let repository: Repository
    private let options: CheckOptions
    private let references: SnapshotReferences
    private let state = Mutex(State())

    init(_ repository: Repository, _ options: CheckOptions, _ references: @escaping SnapshotReferences) {
        self.repository = repository
        self.options = options
        self.references = references
    }

    func run(_ lock: RepositoryLock?) async throws -> CheckReport {
        let listing = try await repository.snapshots()
        for (key, error) in listing.unreadable { note(RepositoryProblem(key, error.description)) }
        let (marks, damagedMarks) = try await repository.marks.list()
        for key in damagedMarks { note(RepositoryProblem(key, "it is not a list of packs")) }
        try await lock?.know(marks: marks.map(\.id))
        try await checkKeys()
        // The index before the packs: what it names was there before.
        let packs = try await readIndex()
        let lost = try await checkPacks(packs, marked: Set(marks.flatMap(\.packs)))
        try await readData(packs.filter { !lost.contains($0.id) })
        try await checkSnapshots(listing.snapshots, without: lost)
        try await noteStrangers()
        return state.withLock { state in
            state.report.problems.sort { ($0.subject, $0.reason) < ($1.subject, $1.reason) }
            return state.report
        }
    }

    private func note(_ problem: RepositoryProblem) { state.withLock { $0.report.problems.append(problem) } }

    private func note(_ pack: PackContents, _ reason: String, chunks: [ChunkID]) {
        state.withLock { state in
            for id in chunks { state.bad[id] = (pack.id, state.report.problems.count) }
            state.report.problems.append(RepositoryProblem(RepositoryLayout.pack(pack.id), reason))
        }
    }

    private func checkKeys() async throws {
        guard repository.configuration.isEncrypted else { return }
        let readable = Set(try await repository.keys().map(\.id))
        for object in try await repository.objects.list(RepositoryLayout.keys) {
            let id = RepositoryLayout.name(ofKey: object.key, below: RepositoryLayout.keys, ending: ".json")
            if !readable.contains(id ?? "") { note(RepositoryProblem(object.key, "it is not a key")) }
        }
    }

    private func readIndex() async throws -> [PackContents] {
        let packs = PackList()
        for (id, _) in try await repository.indexObjects.list() {
            do {
                _ = try await repository.indexObjects.forEachPack(in: id) { packs.append($0) }
            } catch let error as RepositoryError {
                note(RepositoryProblem(error))
            }
        }
        return packs.all
    }

    /// Compares what the index says with what is there.
    private func checkPacks(_ packs: [PackContents], marked: Set<PackID>) async throws -> Set<PackID> {
        var sizes: [PackID: Int64] = [:]
        for object in try await repository.objects.listSized(RepositoryLayout.packs) {
            if let id = RepositoryLayout.packID(ofKey: object.key) { sizes[id] = object.size }
        }
        var lost: Set<PackID> = []
        for pack in packs {
            guard let size = sizes[pack.id] else {
                lost.insert(pack.id)
                // A prune that was killed has deleted it after nothing needed it.
                if !marked.contains(pack.id) { note(pack, "it does not exist", chunks: pack.chunks.map(\.id)) }
                continue
            }
            guard size != Int64(pack.size) else { continue }
            lost.insert(pack.id)
            note(pack, "it has \(size) bytes instead of \(pack.size)", chunks: pack.chunks.map(\.id))
        }
        let indexed = Set(packs.map(\.id))
        let strays = sizes.keys.count { !indexed.contains($0) }
        state.withLock { state in
            state.report.packs = sizes.count
            if strays > 0 {
                state.report.notes.append("\(strays) packs that no index names: of killed runs, or of runs that go on")
            }
        }
        return lost
    }

    private func readData(_ packs: [PackContents]) async throws {
        guard options.readData > 0 else { return }
        var seen: Set<PackID> = []
        let chosen = packs.filter { seen.insert($0.id).inserted }.shuffled()
        let count = Int((Double(chosen.count) * min(1, options.readData)).rounded(.up))
        // Two at a time: each holds a whole pack.
        try await Array(chosen.prefix(count)).forEachConcurrently(limit: 2) { [self] pack in
            try await readData(pack)
        }
    }

    private func readData(_ pack: PackContents) async throws {
        let key = RepositoryLayout.pack(pack.id)
        let bytes: [UInt8]?
        do {
            bytes = try await repository.objects.read(key, limit: Int(pack.size))
        } catch let error as RepositoryError {
            return note(pack, error.description, chunks: pack.chunks.map(\.id))
        }
        // A prune may have deleted it since.
        guard let bytes else { return }
        let inspector = PackInspector(codec: repository.codec)
        let flaws = try await BlockingPool.shared.run { inspector.flaws(of: bytes, contents: pack) }
        for flaw in flaws { note(pack, flaw.reason, chunks: flaw.chunk.map { [$0] } ?? []) }
        state.withLock { state in
            state.report.packsRead += 1
            state.report.bytesRead += Int64(bytes.count)
        }
    }

    /// Finds what the snapshots need and is not there, and the snapshots that what was found is bad for.
    private func checkSnapshots(_ snapshots: [StoredSnapshot], without lost: Set<PackID>) async throws {
        let index = try await repository.indexObjects.load(avoiding: [], keepingAvoided: true, without: lost)
        let reader = RepositoryReader(repository, lock: nil, index: index, cacheBytes: 64 << 20)
        for stored in snapshots {
            let missing = Mutex<Set<ChunkID>>([])
            let visit: @Sendable (ChunkID) -> Void = { [self] id in
                let location = index.location(of: id)
                state.withLock { state in
                    // Where another pack has the chunk too, nothing is lost.
                    guard let (pack, problem) = state.bad[id], location == nil || location?.pack == pack else {
                        if location == nil { missing.withLock { _ = $0.insert(id) } }
                        return
                    }
                    guard state.report.problems[problem].snapshots.last != stored.id else { return }
                    state.report.problems[problem].snapshots.append(stored.id)
                }
            }
            stored.snapshot.tree.forEach(visit)
            do {
                try await references(stored.snapshot, reader, visit)
            } catch let error as any AdvisedError where !(error is ObjectStoreError) {
                note(
                    RepositoryProblem(
                        RepositoryLayout.snapshot(stored.id, sealed: repository.configuration.isEncrypted),
                        "its tree cannot be read: \(error.description)", snapshots: [stored.id]))
            }
            for id in missing.withLock({ $0 }).sorted() {
                note(RepositoryProblem("chunk \(id)", "no index names it", snapshots: [stored.id]))
            }
            state.withLock { $0.report.snapshots += 1 }
        }
    }

    private func noteStrangers() async throws {
        let sealed = repository.configuration.isEncrypted
        for object in try await repository.objects.list(RepositoryLayout.root) {
            let key = object.key
            let isKnown =
                key == RepositoryLayout.configuration || RepositoryLayout.packID(ofKey: key) != nil
                || RepositoryLayout.indexID(ofKey: key, sealed: sealed) != nil
                || RepositoryLayout.snapshotID(ofKey: key, sealed: sealed) != nil
                || [RepositoryLayout.keys, RepositoryLayout.locks, RepositoryLayout.marks].contains {
                    RepositoryLayout.name(ofKey: key, below: $0, ending: ".json") != nil
                }
            if !isKnown { state.withLock { $0.report.notes.append("an object that nobody knows: \(key)") } }
        }
    }
}
