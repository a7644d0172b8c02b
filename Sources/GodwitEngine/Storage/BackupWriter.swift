import Foundation
import GodwitModel
import Streams
import Tarball

/// Writes a backup in one format: items in order, and at the end what came of it.
protocol BackupWriter: Sendable {
    /// Adds items. They may still be on their way when the call returns.
    ///
    /// - Parameter cutBefore: another namespace or resource begins, so a frame may end here.
    /// - Throws: the store's error, after which the backup can only be discarded.
    func append(_ items: [Item], cutBefore: Bool) async throws

    /// Ends the items. They may still be on their way into the store when the call returns.
    ///
    /// - Returns: how many there are.
    func finishItems() async throws -> Int

    /// Stores the rest and, when all of it is stored, what makes the backup exist.
    func publish(_ backup: Backup, results: ResultSet, volumes: [VolumeRecord]) async throws

    /// Gives up, also in a cancelled task: what is under way is aborted and the name given free.
    ///
    /// - Parameter removingFiles: remove what was stored; false when the name has come to belong to another run.
    /// - Returns: whether the backup is known not to exist.
    @discardableResult
    func discard(removingFiles: Bool) async -> Bool
}

/// What writers share.
struct BackupWriterOptions: Sendable {
    /// How the tarball is compressed; nil for the format's own default.
    var compression: TarballCompression?
    /// How large the frames of the tarball are.
    var framePolicy = FramePolicy()
    /// The time that files in the tarball bear.
    var modified = Int64(Date().timeIntervalSince1970)
    /// The log, where it exists already; else that of the run.
    var logs: ByteStream?
    /// Told of an item that cannot be stored under its name.
    var rejected: @Sendable (ItemIdentity, any Error) -> Void = { _, _ in }
}

/// Items on their way to a writer's own task, so that they are packed while the next ones are fetched.
final class PackingQueue: Sendable {
    struct Batch: Sendable {
        let items: [Item]
        let cutBefore: Bool
    }

    private let channel: BoundedChannel<Batch>
    private let task: Task<Void, any Error>

    /// Starts the task; `pack` is called for one batch after the other.
    init(_ pack: @escaping @Sendable (Batch) async throws -> Void) {
        let channel = BoundedChannel<Batch>(limit: 4 << 20) { batch in
            batch.items.reduce(0) { $0 + $1.bytes.count }
        }
        self.channel = channel
        task = Task {
            do {
                while let batch = try await channel.next() { try await pack(batch) }
            } catch {
                channel.abandon()
                throw error
            }
        }
    }

    deinit { task.cancel() }

    func send(_ batch: Batch) async throws {
        do {
            try await channel.send(batch)
        } catch is ChannelAbandoned {
            if case .failure(let error) = await task.result { throw error }
            throw ChannelAbandoned()
        }
    }

    func finish() async throws {
        channel.finish()
        try await task.result(cancelling: task).get()
    }

    func cancel() async {
        task.cancel()
        channel.finish(throwing: CancellationError())
        _ = await task.result
    }
}

extension TarballUpload {
    /// Appends the files of items; one whose path is refused is reported and left out.
    ///
    /// - Returns: the items that were written, each with the place of its first file.
    func append(
        _ files: [(item: Item, entries: [TarballEntry])], cutBefore: Bool,
        rejected: @Sendable (ItemIdentity, any Error) -> Void
    ) async throws -> [(item: Item, location: ContentLocation)] {
        do {
            let locations = try await append(files.flatMap(\.entries), cutBefore: cutBefore)
            var next = 0
            return files.map { file in
                defer { next += file.entries.count }
                return (file.item, locations[next])
            }
        } catch let error as TarballError {
            guard case .invalidPath = error else { throw error }
            guard files.count > 1 else {
                if let file = files.first { rejected(file.item.identity, error) }
                return []
            }
            var written: [(item: Item, location: ContentLocation)] = []
            for (index, file) in files.enumerated() {
                written += try await append([file], cutBefore: cutBefore && index == 0, rejected: rejected)
            }
            return written
        }
    }
}
