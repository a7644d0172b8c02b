import Streams

/// A walk on a thread of its own, which runs ahead of its consumer by a few batches.
public final class VolumeWalk: Sendable {
    private let channel = BoundedChannel<[WalkEvent]>(limit: 4) { _ in 1 }
    private let task: Task<Void, Never>

    /// Begins to walk.
    ///
    /// - Parameters:
    ///   - root: the directory; symbolic links in this path are followed, but none below it.
    ///   - options: what is left out.
    ///   - batch: the events of a batch.
    /// - Throws: ``FileError`` when the root cannot be opened.
    public init(root: String, options: WalkOptions = WalkOptions(), batch: Int = 256) throws(FileError) {
        let walking = WalkThread(try DirectoryWalker(root: root, options: options))
        task = Task { [channel] in
            do {
                while case let events = await walking.nextBatch(upTo: batch), !events.isEmpty {
                    try await channel.send(events)
                }
                channel.finish()
            } catch {
                channel.finish(throwing: error)
            }
        }
    }

    /// Finds out whether a directory can be walked, before anything is prepared for it.
    ///
    /// - Throws: ``FileError`` when it cannot be opened.
    public static func check(root: String) async throws {
        _ = try await BlockingPool.shared.run { try FileDescriptor.openDirectory(path: root) }
    }

    deinit {
        channel.abandon()
        task.cancel()
    }

    /// The next events in path order; nil at the end.
    public func nextBatch() async throws -> [WalkEvent]? { try await channel.next() }
}

/// Keeps the walker on its thread.
private actor WalkThread {
    private let executor = ThreadExecutor(name: "walk")
    private let walker: DirectoryWalker

    init(_ walker: sending DirectoryWalker) { self.walker = walker }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func nextBatch(upTo count: Int) -> [WalkEvent] { walker.nextBatch(upTo: count) }
}
