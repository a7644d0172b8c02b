import Foundation
import GodwitModel
import GodwitPluginAPI
import Streams

/// Executes a prune under its lock. The order of its steps is part of the format; see docs/repository-format.md.
struct Pruner: Sendable {
    let repository: Repository
    let lock: RepositoryLock
    let options: PruneOptions
    let finder: PackUsageFinder
    let reach: @Sendable (PruneStage) async throws -> Void

    private var objects: RepositoryObjects { repository.objects }

    func run() async throws -> PruneReport {
        try await reach(.locked)
        let before = try await repository.marks.list().marks
        let marked = Set(before.flatMap(\.packs))
        let usage = try await finder.find(avoiding: marked)
        try await reach(.usageKnown)
        let running = try await repository.locks.list(now: lock.storeTime).filter { $0.use == .backup && !$0.isStale }
        // Clocks of machines differ by minutes at most.
        let plan = PrunePlan(
            usage, marked: marked, minimumUse: options.minimumUse,
            running: running.map(\.started).min()?.addingTimeInterval(-300))
        var report = PruneReport(plan: plan)
        let copier = PackCopier(repository: repository, lock: lock, usage: usage)
        let moved = try await copier.copy(from: plan.sparse, &report)
        try await reach(.repacked)
        if !(plan.unused + moved).isEmpty {
            try await lock.refresh()
            let mark = try PackMark(packs: plan.unused + moved)
            try await write(mark)
            report.marked = mark.packs.count
        }
        try await reach(.marked)
        try await sweep(&report)
        return report
    }

    /// Deletes what was marked long enough ago and that all other runs know to be marked.
    private func sweep(_ report: inout PruneReport) async throws {
        try await lock.refresh()
        let marks = try await repository.marks.list().marks
        let now = lock.storeTime
        let due = marks.filter { mark in
            (now ?? Date()).timeIntervalSince((now == nil ? nil : mark.modified) ?? mark.created)
                >= options.grace / .seconds(1) || options.grace == .zero
        }
        let others = try await repository.locks.list(now: now).filter { $0.id != lock.id }
        // Who comes back from the dead sees that its lock is gone.
        try await repository.locks.remove(others.filter(\.isStale))
        let living = others.filter { !$0.isStale }
        let swept = due.filter { mark in living.allSatisfy { $0.knownMarks.contains(mark.id) } }
        report.waitingFor = living.filter { lock in !due.allSatisfy { lock.knownMarks.contains($0.id) } }
        report.waiting = Set(marks.flatMap(\.packs)).subtracting(swept.flatMap(\.packs)).count
        try await reach(.locksListed)
        guard !swept.isEmpty else { return }

        // Only now: whoever did not know the marks has added its snapshot or never will.
        let usage = try await finder.find(avoiding: Set(marks.flatMap(\.packs)))
        try await reach(.usageChecked)
        let all = Set(swept.flatMap(\.packs))
        // Another mark that is not swept now may name the pack too, and somebody may not know that one.
        let held = Set(marks.filter { mark in !swept.contains { $0.id == mark.id } }.flatMap(\.packs))
        let deleted = all.filter { (usage.packs[$0]?.chunks ?? 0) == 0 && !held.contains($0) }
        // What the index still names must be there, or who reads the index would count on what is gone.
        var protected = try await removeFromIndex(deleted)
        try await lock.refresh()
        let keys = deleted.subtracting(protected).sorted().map(RepositoryLayout.pack)
        protected.formUnion(try await objects.delete(keys).compactMap(RepositoryLayout.packID(ofKey:)))
        try await reach(.packsRemoved)
        // A mark of their own keeps writers away from what is protected, and has a later prune try again.
        if !protected.isEmpty { try await write(try PackMark(packs: protected.sorted())) }
        try await objects.store.delete(swept.map { RepositoryLayout.mark($0.id) })
        let gone = deleted.subtracting(protected)
        report.deleted = gone.count { usage.packs[$0] != nil }
        report.deletedBytes = gone.reduce(0) { $0 + (usage.packs[$1]?.size ?? 0) }
        report.unmarked = all.count - deleted.count
        report.protected = protected.count
    }

    private func write(_ mark: PackMark) async throws {
        try await objects.writeOnce(RepositoryLayout.mark(mark.id), mark.serialized, isShortLived: true)
    }

    /// Writes the index objects that name these packs anew without them, and then removes the old ones.
    ///
    /// - Returns: those of the packs that the index still names, because the store protects its objects.
    private func removeFromIndex(_ packs: Set<PackID>) async throws -> Set<PackID> {
        let index = repository.indexObjects
        var replaced: [(id: ChunkID, packs: Set<PackID>)] = []
        var named: Set<PackID> = []
        let rest = PackList()
        for (id, _) in try await index.list() {
            let content = PackList()
            guard try await index.forEachPack(in: id, { content.append($0) }) else { continue }
            let ids = Set(content.all.map(\.id))
            guard !ids.isDisjoint(with: packs) else {
                named.formUnion(ids)
                continue
            }
            replaced.append((id, ids.intersection(packs)))
            for pack in content.all where !packs.contains(pack.id) { rest.append(pack) }
        }
        // Where objects are protected, those of earlier prunes name the same packs: each is written once.
        let kept = rest.all.filter { named.insert($0.id).inserted }
        let written = try await lock.guarding {
            try await index.write(kept)
        } undo: {
            try await index.delete($0)
        }
        try await reach(.indexWritten)
        let left = try await index.deleteUnprotected(replaced.map(\.id).filter { !written.contains($0) })
        try await reach(.indexRemoved)
        return replaced.reduce(into: []) { if left.contains($1.id) { $0.formUnion($1.packs) } }
    }
}
