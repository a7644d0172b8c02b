import Foundation
import GodwitPluginAPI
import GodwitTestKit
import Synchronization
import Testing

@testable import VolumeRepository

/// Repositories in locations that keep what is written.
@Suite struct RetentionTests {
    /// What a writer or a reader rewrites and removes is never kept.
    @Test func writersAndReadersMeetNothingThatIsKept() async throws {
        let store = MemoryObjectStore(retention: .seconds(3600))
        let site = try await TestRepository.make(store, password: "a long password")
        let contents = [[UInt8]].sample(30)
        let writer = try await site.repository.makeWriter()
        let first = try await writer.commit(contents)
        // The lock is written again before each of these.
        _ = try await writer.commit(contents + .sample(10, seed: 2))
        await writer.close()
        #expect(try await site.restore(first.snapshot) == contents)
        try await site.repository.unlock()
        let report = try await site.prune()
        #expect(report.protected == 0 && report.marked == 0)
        #expect(store.refusals.isEmpty)
        #expect(try await site.keys(below: "repository/locks/").isEmpty)
        // What stays is kept.
        let error = await #expect(throws: ObjectStoreError.self) { try await site.repository.forget([first.id]) }
        #expect(error?.kind == .locked)
    }

    /// A prune leaves what is protected to a later one, and nothing of it is damage.
    @Test(arguments: [["packs"], ["index"], ["packs", "index"]], [nil, "a long password"])
    func aPruneLeavesWhatIsProtected(folders: [String], password: String?) async throws {
        let store = MemoryObjectStore(retention: .seconds(3600), of: folders.map { "repository/\($0)/" })
        let site = try await TestRepository.make(store, password: password)
        let (old, new) = ([[UInt8]].sample(60, seed: 1), [[UInt8]].sample(60, seed: 2))
        let first = try await site.backUp(old)
        let second = try await site.backUp(new + old.prefix(5))
        try await site.repository.forget([first.id])
        let before = Set(try await site.keys(below: "repository/packs/"))
        var reports: [PruneReport] = []
        for round in 0..<4 {
            reports.append(try await site.prune())
            #expect(reports[round].protected > 0 && reports[round].deleted == 0, "\(reports[round])")
            #expect(try await site.check().problems.isEmpty, "round \(round)")
            #expect(try await site.keys(below: "repository/marks/").count == 1)
        }
        // Nothing is copied or counted twice.
        #expect(Set(reports.map(\.protected)).count == 1)
        #expect(reports.dropFirst().allSatisfy { $0.plan.copiedBytes == 0 })
        #expect(before.isSubset(of: try await site.keys(below: "repository/packs/")))
        // Who comes now does not count on what is going to be deleted.
        let third = try await site.backUp(old)
        store.endRetention()
        let last = try await site.prune()
        #expect(last.deleted == reports[0].protected && last.protected == 0)
        #expect(try await site.keys(below: "repository/marks/").isEmpty)
        #expect(try await site.check().problems.isEmpty)
        #expect(try await site.restore(second.snapshot) == new + old.prefix(5))
        #expect(try await site.restore(third.snapshot) == old)
    }

    /// Index objects that a prune cannot remove are not multiplied by the next ones.
    @Test func theIndexGrowsWithEachPruneByItsOwnSizeAtMost() async throws {
        let store = MemoryObjectStore(retention: .seconds(3600), of: ["repository/index/"])
        var tuning = RepositoryTuning.small
        tuning.packsPerIndex = 1000
        let site = try await TestRepository.make(store, tuning: tuning)
        // One index object names all packs, and each prune frees some of them.
        let contents = [[UInt8]].sample(180)
        var snapshots: [StoredSnapshot] = []
        for first in stride(from: 0, to: 180, by: 30) {
            snapshots.append(try await site.backUp(Array(contents[first...])))
        }
        func namedPacks() async throws -> Int {
            let count = Mutex(0)
            let index = site.repository.indexObjects
            for (id, _) in try await index.list() {
                _ = try await index.forEachPack(in: id) { _ in count.withLock { $0 += 1 } }
            }
            return count.withLock { $0 }
        }
        let whole = try await namedPacks()
        for round in 1...5 {
            try await site.repository.forget([snapshots[round - 1].id])
            #expect(try await site.prune().protected > 0)
            #expect(try await namedPacks() <= whole * (round + 1), "round \(round)")
        }
        #expect(try await site.restore(snapshots[5].snapshot) == Array(contents[150...]))
    }
}
