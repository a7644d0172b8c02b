import GodwitModel
import GodwitPluginAPI
import Streams
import Synchronization

/// Copies the chunks of packs that are still needed into new packs, in their stored form, each one verified.
struct PackCopier: Sendable {
    let repository: Repository
    let lock: RepositoryLock
    let usage: PackUsage

    /// Copies, and writes the index of the copies.
    ///
    /// - Returns: the packs that nothing is needed from any more. Damaged ones are not among them.
    func copy(from packs: [PackID], _ report: inout PruneReport) async throws -> [PackID] {
        guard !packs.isEmpty else { return [] }
        var needed: [PackID: [PackedChunk]] = [:]
        let sparse = Set(packs)
        usage.needed.forEach { location in
            if sparse.contains(location.pack) { needed[location.pack, default: []].append(location.chunk) }
        }
        let uploader = PackUploader(index: repository.indexObjects, lock: lock, tuning: repository.tuning)
        do {
            var moved: [PackID] = []
            var pack: PackBuilder?
            for id in packs {
                do {
                    for chunk in (needed[id] ?? []).sorted(by: { $0.offset < $1.offset }) {
                        try await copy(chunk, from: id, to: &pack, uploader)
                    }
                    moved.append(id)
                } catch let error as RepositoryError where error.kind == .damaged {
                    report.damaged.append(error)
                }
            }
            if let pack { uploader.begin(pack) }
            try await uploader.flush()
            return moved
        } catch {
            await uploader.cancel()
            throw error
        }
    }

    private func copy(
        _ chunk: PackedChunk, from id: PackID, to pack: inout PackBuilder?, _ uploader: PackUploader
    ) async throws {
        let codec = repository.codec
        try await uploader.waitForRoom()
        let stored = try await repository.objects.readStored(chunk, in: id)
        try await BlockingPool.shared.run {
            _ = try stored.withUnsafeBytes {
                try codec.decode(chunk: $0, id: chunk.id, size: Int(chunk.contentLength))
            }
        }
        let size = repository.tuning.packSize
        var target = try pack.take() ?? PackBuilder(capacity: size, isSealed: codec.cipher.isEncrypting)
        target.append(chunk.id, stored: stored, contentLength: Int(chunk.contentLength))
        if target.count >= size { uploader.begin(target) } else { pack = target }
    }
}

/// Packs that arrive from several threads.
final class PackList: Sendable {
    private let packs = Mutex<[PackContents]>([])

    var all: [PackContents] { packs.withLock { $0 } }

    func append(_ pack: PackContents) { packs.withLock { $0.append(pack) } }
}
