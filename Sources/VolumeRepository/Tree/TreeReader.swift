import Streams

/// Reads a snapshot's tree from its chunks.
///
/// Chunks are fetched a few ahead, and parsed on a thread of the reader's own. Memory: the events of two chunks, and
/// the chunks ahead. A reader that is let go stops fetching.
public final class TreeReader: AsyncSequence, Sendable {
    /// What the sequence brings.
    public typealias Element = TreeEvent

    private let channel: BoundedChannel<[TreeEvent]>
    private let task: Task<Void, Never>

    /// A reader that begins at once.
    ///
    /// - Parameters:
    ///   - chunks: the ids of the tree's chunks in order.
    ///   - source: where they come from.
    ///   - readAhead: how many chunks are fetched before they are needed.
    public init(chunks: [ChunkID], from source: any ChunkReading, readAhead: Int = 3) {
        let channel = BoundedChannel<[TreeEvent]>(limit: 1) { _ in 1 }
        self.channel = channel
        task = Task {
            do {
                try await Self.read(chunks, from: source, readAhead: Swift.max(1, readAhead), into: channel)
                channel.finish()
            } catch {
                channel.finish(throwing: error)
            }
        }
    }

    deinit {
        channel.abandon()
        task.cancel()
    }

    private static func read(
        _ chunks: [ChunkID], from source: any ChunkReading, readAhead: Int, into channel: BoundedChannel<[TreeEvent]>
    ) async throws {
        let parser = TreeParsing()
        var fetches: [Task<[UInt8], any Error>] = []
        defer { for fetch in fetches { fetch.cancel() } }
        var rest = chunks[...]
        while !rest.isEmpty || !fetches.isEmpty {
            while fetches.count < readAhead, let id = rest.popFirst() {
                fetches.append(Task { try await source.content(of: id) })
            }
            let events = try await parser.events(in: fetches.removeFirst().value)
            if !events.isEmpty { try await channel.send(events) }
        }
        try await parser.finish()
    }

    /// The next events, as many as a chunk brought; nil at the end.
    ///
    /// - Throws: ``TreeError``, or what the source of chunks throws.
    public func nextBatch() async throws -> [TreeEvent]? { try await channel.next() }

    /// Brings the events one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let reader: TreeReader
        private var batch: [TreeEvent] = []
        private var position = 0

        fileprivate init(_ reader: TreeReader) { self.reader = reader }

        /// The next event, or nil at the end.
        public mutating func next() async throws -> TreeEvent? {
            while position == batch.count {
                guard let next = try await reader.nextBatch() else { return nil }
                batch = next
                position = 0
            }
            defer { position += 1 }
            return batch[position]
        }
    }

    /// Begins the one reading.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}

/// Parses on a thread of its own.
private actor TreeParsing {
    private let executor = ThreadExecutor(name: "tree-reader")
    private var decoder = TreeDecoder()

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func events(in bytes: [UInt8]) throws -> [TreeEvent] { try decoder.events(in: bytes) }

    func finish() throws { try decoder.finish() }
}
