import GodwitModel
import GodwitPluginAPI
import Streams
import Synchronization
import Tarball

/// Reads items out of a framed tarball: a few reads in flight, results in the order asked for.
struct FrameItemReader: Sendable {
    /// Reads in flight.
    static let parallelReads = 3
    /// A frame that is larger than this as it is stored is not believed.
    static let frameLimit: Int64 = 128 * 1024 * 1024

    let source: any RangeSource
    let digester: Digester
    /// The backup and the store in words, for errors.
    let subject: String
    let store: String

    /// The items, read as they are pulled.
    func items(_ planner: FrameReadPlanner) -> StoredItemStream {
        let window = ReadWindow(planner: planner, reader: self)
        return StoredItemStream { try await window.next() }
    }

    /// What one read gives.
    func read(_ read: FrameRead, of entries: [IndexEntry]) async throws -> [StoredItem] {
        guard !read.range.isEmpty else { return entries.map { failure($0, "its place is outside the tarball") } }
        guard Int64(read.range.count) <= max(Self.frameLimit, FrameReadPlanner.coalescedLimit) else {
            return entries.map { failure($0, "its frame is larger than a frame can be") }
        }
        let bytes: [UInt8]
        do {
            bytes = try await source.read(read.range)
        } catch let error as ObjectStoreError where error.kind == .invalidRange {
            return entries.map { failure($0, "the tarball ends before it") }
        }
        var items: [StoredItem] = []
        for frame in read.frames {
            try Task.checkCancellation()
            let wanted = entries[
                frame.entries.lowerBound - read.entries.lowerBound..<frame.entries.upperBound - read.entries.lowerBound]
            let start = Int(frame.range.lowerBound - read.range.lowerBound)
            let end = min(Int(frame.range.upperBound - read.range.lowerBound), bytes.count)
            guard start < end else {
                items += wanted.map { failure($0, "the tarball ends before it") }
                continue
            }
            items += try await self.items(Array(wanted), inFrame: Array(bytes[start..<end]))
        }
        return items
    }

    private func items(_ entries: [IndexEntry], inFrame frame: [UInt8]) async throws -> [StoredItem] {
        let contents: [[UInt8]]
        do {
            contents = try await FrameReader.contents(of: entries.map(\.location), inFrame: frame)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // One place that is wrong must not take the others with it.
            guard entries.count > 1 else { return entries.map { failure($0, "\(error)") } }
            var items: [StoredItem] = []
            for entry in entries { items += try await self.items([entry], inFrame: frame) }
            return items
        }
        let digests = await digester.digests(of: contents)
        return zip(entries, zip(contents, digests)).map { entry, read in
            guard entry.sha256.isEmpty || entry.sha256 == read.1 else {
                return failure(entry, "its checksum does not match")
            }
            do {
                let metadata = try ItemMetadata(scanning: read.0)
                return StoredItem(
                    entry: entry,
                    item: .success(Item(bytes: read.0, metadata: metadata, resource: entry.identity.resource)))
            } catch {
                return failure(entry, "\(error)")
            }
        }
    }

    private func failure(_ entry: IndexEntry, _ reason: String) -> StoredItem {
        StoredItem(
            entry: entry,
            item: .failure(
                BackupStorageError(
                    .damaged, subject: "item \(entry.identity) of \(subject)", store: store, reason: reason)))
    }
}

/// The reads under way for one stream.
private final class ReadWindow: Sendable {
    private struct State {
        var planner: FrameReadPlanner
        var pending: [Task<[StoredItem], any Error>] = []
    }

    private let state: Mutex<State>
    private let reader: FrameItemReader

    init(planner: FrameReadPlanner, reader: FrameItemReader) {
        state = Mutex(State(planner: planner))
        self.reader = reader
    }

    deinit { cancel() }

    func next() async throws -> [StoredItem]? {
        let reader = reader
        let first: Task<[StoredItem], any Error>? = state.withLock { state in
            while state.pending.count < FrameItemReader.parallelReads, let read = state.planner.nextRead() {
                let entries = Array(state.planner.entries[read.entries])
                state.pending.append(Task { try await reader.read(read, of: entries) })
            }
            return state.pending.isEmpty ? nil : state.pending.removeFirst()
        }
        guard let first else { return nil }
        return try await withTaskCancellationHandler {
            try await first.value
        } onCancel: {
            first.cancel()
            cancel()
        }
    }

    private func cancel() {
        let tasks = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
        for task in tasks { task.cancel() }
    }
}
