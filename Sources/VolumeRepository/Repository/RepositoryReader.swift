import GodwitModel
import GodwitPluginAPI
import Streams
import Synchronization

/// Reads the chunks of a repository.
///
/// Chunks of late are kept up to a number of bytes, and callers of one chunk at the same time share one fetch. A chunk
/// whose pack is gone is looked for once more in a new index: a prune may have moved it.
public final class RepositoryReader: ChunkReading {
    private struct State {
        var index: ChunkIndex
        var generation = 0
        var cache: ContentCache
        var fetches: [ChunkID: Fetch] = [:]
        var nextFetch: UInt64 = 0
    }

    /// A chunk on its way, and how many wait for it.
    private struct Fetch {
        let number: UInt64
        let task: Task<[UInt8], any Error>
        var waiting = 1
    }

    private let repository: Repository
    private let lock: RepositoryLock?
    private let slots = Slots(32)
    private let state: Mutex<State>

    init(_ repository: Repository, lock: RepositoryLock?, index: ChunkIndex, cacheBytes: Int) {
        self.repository = repository
        self.lock = lock
        state = Mutex(State(index: index, cache: ContentCache(limit: cacheBytes)))
    }

    /// The index objects that were damaged when the reader was made; chunks that only they named are missing.
    public var indexProblems: [RepositoryError] { state.withLock { $0.index }.problems }

    /// Whether the index knows a chunk.
    public func contains(_ id: ChunkID) -> Bool { state.withLock { $0.index }.location(of: id) != nil }

    /// The content of a chunk.
    public func content(of id: ChunkID) async throws -> [UInt8] {
        try Task.checkCancellation()
        let (content, fetch) = state.withLock { state -> ([UInt8]?, Fetch?) in
            if let fetch = state.fetches[id] {
                state.fetches[id]?.waiting += 1
                return (nil, fetch)
            }
            if let content = state.cache.content(of: id) { return (content, nil) }
            let fetch = beginFetch(id, number: state.nextFetch)
            state.nextFetch += 1
            state.fetches[id] = fetch
            return (nil, fetch)
        }
        if let content { return content }
        guard let fetch else { throw CancellationError() }
        return try await withTaskCancellationHandler {
            try await fetch.task.value
        } onCancel: {
            leave(fetch, of: id)
        }
    }

    /// Not the caller's own task: another caller may wait for it too.
    private func beginFetch(_ id: ChunkID, number: UInt64) -> Fetch {
        let task = Task {
            let result = await Result { try await self.fetch(id) }
            self.state.withLock { state in
                if state.fetches[id]?.number == number { state.fetches[id] = nil }
                if case .success(let content) = result { state.cache.insert(id, content) }
            }
            return try result.get()
        }
        return Fetch(number: number, task: task)
    }

    /// Ends a fetch that nobody waits for any more.
    private func leave(_ fetch: Fetch, of id: ChunkID) {
        let isWanted = state.withLock { state in
            guard var current = state.fetches[id], current.number == fetch.number else { return true }
            current.waiting -= 1
            state.fetches[id] = current.waiting > 0 ? current : nil
            return current.waiting > 0
        }
        if !isWanted { fetch.task.cancel() }
    }

    /// Ends the reader and releases its lock.
    public func close() async {
        for task in state.withLock({ $0.fetches.values.map(\.task) }) { task.cancel() }
        await lock?.release()
    }

    private func fetch(_ id: ChunkID) async throws -> [UInt8] {
        try await slots.take()
        defer { slots.give() }
        let (index, generation) = state.withLock { ($0.index, $0.generation) }
        do {
            return try await read(id, in: index)
        } catch let error as RepositoryError where error.kind == .missing {
            // An index that another fetch has read anew meanwhile is new enough.
            guard let newer = try await renewedIndex(since: generation) else { throw error }
            return try await read(id, in: newer)
        }
    }

    private func read(_ id: ChunkID, in index: ChunkIndex) async throws -> [UInt8] {
        guard let location = index.location(of: id) else {
            throw RepositoryError(.missing, subject: "chunk \(id)", reason: "it is not in the index")
        }
        let key = RepositoryLayout.pack(location.pack)
        let codec = repository.codec
        do {
            let stored = try await repository.objects.readStored(location.chunk, in: location.pack)
            return try await BlockingPool.shared.run {
                try stored.withUnsafeBytes {
                    try codec.decode(chunk: $0, id: id, size: Int(location.chunk.contentLength))
                }
            }
        } catch let error as RepositoryError where error.kind == .damaged && error.subject != key {
            throw RepositoryError(.damaged, subject: key, reason: error.description)
        }
    }

    /// Reads the index again, at most once for all who ask at about the same time; nil when that was in vain before.
    private func renewedIndex(since generation: Int) async throws -> ChunkIndex? {
        let current = state.withLock { $0.generation > generation ? $0.index : nil }
        if let current { return current }
        let newer = try await repository.loadIndex(for: nil, keepingMarked: true)
        state.withLock { state in
            state.index = newer
            state.generation += 1
        }
        return newer
    }
}

/// Contents of chunks, the oldest of which go when there are too many bytes.
private struct ContentCache {
    private let limit: Int
    private var bytes = 0
    private var clock: UInt64 = 0
    private var entries: [ChunkID: (content: [UInt8], used: UInt64)] = [:]

    init(limit: Int) { self.limit = limit }

    mutating func content(of id: ChunkID) -> [UInt8]? {
        clock += 1
        guard let index = entries.index(forKey: id) else { return nil }
        entries.values[index].used = clock
        return entries.values[index].content
    }

    mutating func insert(_ id: ChunkID, _ content: [UInt8]) {
        guard content.count <= limit, entries[id] == nil else { return }
        clock += 1
        entries[id] = (content, clock)
        bytes += content.count
        guard bytes > limit else { return }
        // A quarter goes at once, so that the sorting is rare.
        for (id, entry) in entries.sorted(by: { $0.value.used < $1.value.used }) {
            guard bytes > limit - limit / 4 else { return }
            bytes -= entry.content.count
            entries[id] = nil
        }
    }
}

extension Result where Failure == any Error {
    /// What an asynchronous function gives or throws.
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
