import GodwitModel
import GodwitPluginAPI
import Streams

/// What a repair has done.
public struct RepairReport: Sendable, Hashable {
    /// Index objects that were damaged and have been removed.
    public var removedIndexObjects: [String] = []
    /// Packs that no index named and that are found again.
    public var recoveredPacks: [String] = []
    /// Packs that are gone or in which nothing can be read; the next backup stores what they held again if it can.
    public var lostPacks: [String] = []
    /// Packs of which a part was recovered by looking through them.
    public var damagedPacks: [String] = []
}

extension Repository {
    /// Makes the index anew from the packs where it is lost or wrong. Snapshots and packs stay as they are.
    ///
    /// What is damaged is no longer named by the index, so that the next backup stores it again if it still can; then
    /// older snapshots are whole again too.
    ///
    /// - Parameter readingData: verify the content of all packs, and not only their sizes.
    /// - Throws: ``RepositoryError/Kind/locked`` when a prune or another repair goes on.
    public func repair(readingData: Bool = false) async throws -> RepairReport {
        let lock = try await RepositoryLock.take(.repair, objects: objects, tuning: tuning)
        do {
            let report = try await IndexRepairer(repository: self, lock: lock, isReadingData: readingData).run()
            await lock.release()
            return report
        } catch {
            await lock.release()
            throw error
        }
    }
}

/// Executes a repair.
private struct IndexRepairer {
    let repository: Repository
    let lock: RepositoryLock
    let isReadingData: Bool

    func run() async throws -> RepairReport {
        var report = RepairReport()
        let index = repository.indexObjects
        // Packs before the index: a pack that appears later is its writer's business.
        var sizes: [PackID: Int64] = [:]
        for object in try await repository.objects.listSized(RepositoryLayout.packs) {
            if let id = RepositoryLayout.packID(ofKey: object.key) { sizes[id] = object.size }
        }
        var replaced: [ChunkID] = []
        var known: Set<PackID> = []
        let kept = PackList()
        for (id, key) in try await index.list() {
            do {
                let content = PackList()
                guard try await index.forEachPack(in: id, { content.append($0) }) else { continue }
                let good = try await content.all.filtered { try await isSound($0, sizes) }
                known.formUnion(good.map(\.id))
                guard good.count < content.all.count else { continue }
                replaced.append(id)
                good.forEach(kept.append)
                report.lostPacks += content.all.filter { sizes[$0.id] == nil }.map { RepositoryLayout.pack($0.id) }
            } catch let error as RepositoryError where error.kind == .damaged {
                replaced.append(id)
                report.removedIndexObjects.append(key)
            }
        }
        for (id, size) in sizes.sorted(by: { $0.key < $1.key }) where !known.contains(id) {
            if let pack = try await recover(id, size: size, &report) { kept.append(pack) }
        }
        // What was read may be hours old, and a prune that took this repair for dead may have deleted packs since.
        let written = try await lock.guarding {
            try await index.write(kept.all, replacing: true)
        } undo: {
            try await index.delete($0)
        }
        try await index.delete(replaced.filter { !written.contains($0) })
        return report
    }

    /// Whether a pack is what the index says. It may be newer than the listing.
    private func isSound(_ pack: PackContents, _ sizes: [PackID: Int64]) async throws -> Bool {
        let key = RepositoryLayout.pack(pack.id)
        if let size = sizes[pack.id] {
            guard size == Int64(pack.size) else { return false }
        } else {
            guard try await repository.objects.store.stat(key)?.size == Int64(pack.size) else { return false }
        }
        guard isReadingData else { return true }
        guard let bytes = try await repository.objects.read(key, limit: Int(pack.size)) else { return false }
        let inspector = PackInspector(codec: repository.codec)
        return try await BlockingPool.shared.run {
            inspector.flaws(of: bytes, contents: pack).allSatisfy { $0.chunk == nil }
        }
    }

    private func recover(_ id: PackID, size: Int64, _ report: inout RepairReport) async throws -> PackContents? {
        let key = RepositoryLayout.pack(id)
        let inspector = PackInspector(codec: repository.codec)
        if let size = UInt32(exactly: size), let own = try await ownIndex(id, size: size, inspector),
            try await isSound(own, [id: Int64(size)])
        {
            report.recoveredPacks.append(key)
            return own
        }
        do {
            guard size <= 1 << 30, let bytes = try await repository.objects.read(key, limit: 1 << 30) else {
                report.lostPacks.append(key)
                return nil
            }
            let found = try await BlockingPool.shared.run { inspector.walk(bytes, of: id) }
            if found.chunks.isEmpty { report.lostPacks.append(key) } else { report.damagedPacks.append(key) }
            return found.chunks.isEmpty ? nil : found
        } catch is RepositoryError {
            report.lostPacks.append(key)
            return nil
        }
    }

    /// The pack's own index, looked for in more and more of its end.
    private func ownIndex(_ id: PackID, size: UInt32, _ inspector: PackInspector) async throws -> PackContents? {
        guard size.isMultiple(of: UInt32(TarHeader.block)) else { return nil }
        var length = min(Int64(64 << 10), Int64(size))
        while true {
            let range = (Int64(size) - length)..<Int64(size)
            do {
                let reader = try await repository.objects.store.get(RepositoryLayout.pack(id), range: range)
                let tail = try await reader.body.collect(upTo: Int(length))
                if let own = inspector.ownIndex(in: tail, of: id, size: size) { return own }
            } catch let error as ObjectStoreError where error.kind == .notFound || error.kind == .invalidRange {
                return nil
            }
            guard length < Int64(size), length < 16 << 20 else { return nil }
            length = min(length * 8, Int64(size))
        }
    }
}

extension Array where Element: Sendable {
    /// The elements for which a function says yes, in order.
    fileprivate func filtered(_ isIncluded: (Element) async throws -> Bool) async throws -> [Element] {
        var result: [Element] = []
        for element in self where try await isIncluded(element) { result.append(element) }
        return result
    }
}
