import Foundation

/// How a prune goes about it.
public struct PruneOptions: Sendable, Hashable {
    /// The share of a pack's bytes that must be needed for the pack to stay as it is; 0 to 1.
    public var minimumUse = 0.5
    /// How long after marking a pack is deleted at the earliest. Zero deletes in the same run, if no other run is alive.
    public var grace: Duration = .seconds(3600)
    /// Only find out what would be done.
    public var isDryRun = false

    /// The values for use.
    public init() {}
}

/// What a prune is about to do; tests stop it here, and other runs get in between.
public enum PruneStage: String, Sendable, Hashable, CaseIterable {
    case locked, usageKnown, repacked, marked, locksListed, usageChecked, indexWritten, indexRemoved, packsRemoved
}

/// What to do with the packs of a repository: a plan that nothing has been done for yet.
public struct PrunePlan: Sendable, Hashable {
    /// Packs that no snapshot needs.
    public var unused: [PackID] = []
    /// Packs of which so little is needed that it is copied elsewhere.
    public var sparse: [PackID] = []
    /// Packs that stay.
    public var kept = 0
    /// The bytes of the unused and the sparse packs.
    public var freedBytes: Int64 = 0
    /// The bytes that are copied from the sparse packs.
    public var copiedBytes: Int64 = 0

    /// A plan for packs of a given use.
    ///
    /// - Parameter running: when the oldest run began that may not yet have written the index of its packs; those are
    ///   better left alone, although nothing would be lost.
    init(_ usage: PackUsage, marked: Set<PackID>, minimumUse: Double, running: Date? = nil) {
        for (id, pack) in usage.packs.sorted(by: { $0.key < $1.key }) where !marked.contains(id) {
            if let running, !pack.isIndexed, (pack.modified ?? running) >= running { continue }
            if pack.chunks == 0 {
                unused.append(id)
                freedBytes += pack.size
            } else if pack.share < minimumUse {
                sparse.append(id)
                freedBytes += pack.size
                copiedBytes += pack.used
            } else {
                kept += 1
            }
        }
    }
}

/// What a prune has done.
public struct PruneReport: Sendable, Hashable {
    /// What it set out to do.
    public var plan: PrunePlan
    /// Packs that were marked now, to be deleted later.
    public var marked = 0
    /// Packs that were deleted.
    public var deleted = 0
    /// The bytes of the deleted packs.
    public var deletedBytes: Int64 = 0
    /// Packs that had been marked and are needed again.
    public var unmarked = 0
    /// Marked packs that wait for their time or for other runs to end.
    public var waiting = 0
    /// Packs that were due and that the store protects, by a retention or a hold; a later prune tries again.
    public var protected = 0
    /// Other runs that have to end before marked packs are deleted.
    public var waitingFor: [RepositoryLockInfo] = []
    /// Packs that were to be copied and are damaged; they stay.
    public var damaged: [RepositoryError] = []
}

extension Repository {
    /// Frees what no snapshot needs: marks packs, and deletes those that were marked long enough ago.
    ///
    /// Backups and restores may go on beside it, on any machine. Killed at any point it leaves garbage, never damage.
    ///
    /// - Parameters:
    ///   - references: names what a snapshot's tree refers to.
    ///   - reach: is told where the prune has got to.
    /// - Throws: ``RepositoryError/Kind/locked`` when another prune or repair goes on; ``RepositoryError`` when
    ///   something cannot be read, because what cannot be read could need anything.
    public func prune(
        _ options: PruneOptions = PruneOptions(), references: @escaping SnapshotReferences = TreeReferences.ofSnapshots,
        reach: @escaping @Sendable (PruneStage) async throws -> Void = { _ in }
    ) async throws -> PruneReport {
        if options.isDryRun {
            let marked = Set(try await marks.list().marks.flatMap(\.packs))
            let usage = try await PackUsageFinder(repository: self, references: references).find(avoiding: marked)
            return PruneReport(plan: PrunePlan(usage, marked: marked, minimumUse: options.minimumUse))
        }
        let lock = try await RepositoryLock.take(.prune, objects: objects, tuning: tuning)
        do {
            let pruner = Pruner(
                repository: self, lock: lock, options: options,
                finder: PackUsageFinder(repository: self, references: references), reach: reach)
            let report = try await pruner.run()
            await lock.release()
            return report
        } catch {
            await lock.release()
            throw error
        }
    }
}
