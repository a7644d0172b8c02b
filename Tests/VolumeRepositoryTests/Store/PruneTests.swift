import Foundation
import GodwitPluginAPI
import GodwitTestKit
import Streams
import Synchronization
import Testing
import VolumeRepository

@Suite struct PruneTests {
    @Test(arguments: [nil, "a long password"])
    func whatNoSnapshotNeedsGoes(password: String?) async throws {
        let site = try await TestRepository.make(password: password)
        let (old, new) = ([[UInt8]].sample(60, seed: 1), [[UInt8]].sample(60, seed: 2))
        let first = try await site.backUp(old)
        let second = try await site.backUp(new + old.prefix(5))
        try await site.repository.forget([first.id])
        let before = try await site.repository.stats()
        let report = try await site.prune()
        #expect(report.deleted > 0 && report.deletedBytes > 0 && report.unmarked == 0)
        #expect(try await site.check() == CheckReport.clean(like: site.check()))
        #expect(try await site.restore(second.snapshot) == new + old.prefix(5))
        let after = try await site.repository.stats()
        #expect(after.storedBytes < before.storedBytes && after.chunks == 66)
        #expect(try await site.keys(below: "repository/marks/").isEmpty)
        // Nothing is left to do.
        let again = try await site.prune()
        #expect(again.marked == 0 && again.deleted == 0)
    }

    /// Headers, padding and the index of a pack are no reason to copy it again and again.
    @Test(arguments: [nil, "a long password"])
    func whatIsNeededWholeIsNotCopied(password: String?) async throws {
        let site = try await TestRepository.make(password: password)
        let forgotten = try await site.backUp(.sample(60, seed: 1, upTo: 3000))
        _ = try await site.backUp(.sample(60, seed: 1, upTo: 3000).dropLast(9) + .sample(40, seed: 2, upTo: 900))
        try await site.repository.forget([forgotten.id])
        var options = PruneOptions()
        options.grace = .zero
        options.minimumUse = 1
        let first = try await site.repository.prune(options, references: SampleTree.references)
        #expect(first.deleted > 0)
        let packs = try await site.keys(below: "repository/packs/")
        let again = try await site.repository.prune(options, references: SampleTree.references)
        #expect(again.plan.sparse == [] && again.plan.kept == packs.count && again.deleted == 0, "\(again)")
        #expect(try await site.keys(below: "repository/packs/") == packs)
    }

    @Test func theGraceIsWaitedFor() async throws {
        let site = try await TestRepository.make()
        let snapshot = try await site.backUp(.sample(30))
        try await site.repository.forget([snapshot.id])
        let marked = try await site.prune(grace: .seconds(3600))
        #expect(marked.marked > 0 && marked.deleted == 0 && marked.waiting == marked.marked)
        let waiting = try await site.prune(grace: .seconds(3600))
        #expect(waiting.marked == 0 && waiting.deleted == 0 && waiting.waiting == marked.marked)
        #expect(try await site.prune().deleted == marked.marked)
        #expect(try await site.keys(below: "repository/packs/").isEmpty)
    }

    /// A writer that begins, stores or commits at any point of a prune keeps all that its snapshot needs.
    @Test(arguments: PruneStage.allCases, [false, true])
    func aBackupBesideAPruneIsComplete(stage: PruneStage, beginsBefore: Bool) async throws {
        let site = try await TestRepository.make()
        let contents = [[UInt8]].sample(40)
        let forgotten = try await site.backUp(contents)
        try await site.repository.forget([forgotten.id])
        // It finds the chunks of the forgotten snapshot and stores none of them again.
        let early = beginsBefore ? try await site.repository.makeWriter() : nil
        let writer = Mutex<RepositoryWriter?>(early)
        let snapshots = Mutex<[StoredSnapshot]>([])
        let report = try await site.prune { reached in
            guard reached == stage else { return }
            let own = if let early { early } else { try await site.repository.makeWriter() }
            writer.withLock { $0 = own }
            let snapshot = try await own.commit(contents)
            snapshots.withLock { $0.append(snapshot) }
        }
        if let writer = writer.withLock({ $0 }) { await writer.close() }
        if beginsBefore { #expect(report.deleted == 0 && (report.marked == 0 || !report.waitingFor.isEmpty)) }
        for round in 0..<3 {
            let check = try await site.check()
            #expect(check.problems == [], "round \(round)")
            for snapshot in snapshots.withLock({ $0 }) {
                #expect(try await site.restore(snapshot.snapshot) == contents)
            }
            _ = try await site.prune()
        }
    }

    /// A snapshot that is committed between marking and sweeping takes the mark off.
    @Test func marksAreTakenOffWhatIsNeededAgain() async throws {
        let site = try await TestRepository.make()
        let contents = [[UInt8]].sample(40)
        let forgotten = try await site.backUp(contents)
        let writer = try await site.repository.makeWriter()
        try await site.repository.forget([forgotten.id])
        let marked = try await site.prune()
        #expect(marked.marked > 0 && marked.deleted == 0 && marked.waitingFor.count == 1)
        let snapshot = try await writer.commit(contents)
        await writer.close()
        let swept = try await site.prune()
        #expect(swept.unmarked == marked.marked && swept.deleted == 0)
        #expect(try await site.restore(snapshot.snapshot) == contents)
    }

    /// A run whose lock was taken for a dead one's cannot add a snapshot.
    @Test func aRunThatWasTakenForDeadAddsNothing() async throws {
        let site = try await TestRepository.make()
        let contents = [[UInt8]].sample(40)
        let forgotten = try await site.backUp(contents)
        let writer = try await site.repository.makeWriter()
        try await site.repository.forget([forgotten.id])
        #expect(try await site.repository.unlock().removed.isEmpty)
        #expect(try await site.repository.unlock(all: true).removed.count == 1)
        #expect(try await site.prune().deleted > 0)
        await expect(.lockLost) { _ = try await writer.commit(contents) }
        await writer.close()
        #expect(try await site.repository.snapshots().snapshots.isEmpty)
        #expect(try await site.check().isClean)
    }

    @Test func onePruneAtATime() async throws {
        let site = try await TestRepository.make()
        _ = try await site.prune { stage in
            if stage == .locked { await expect(.locked) { _ = try await site.prune() } }
        }
        #expect(try await site.keys(below: "repository/locks/").isEmpty)
    }

    @Test func aRestoreGoesOnWhilePacksAreMoved() async throws {
        let site = try await TestRepository.make()
        let (old, new) = ([[UInt8]].sample(60, seed: 1), [[UInt8]].sample(10, seed: 2))
        let first = try await site.backUp(old + new)
        let second = try await site.backUp(new)
        let reader = try await site.repository.makeReader(cacheBytes: 0, use: nil)
        try await site.repository.forget([first.id])
        #expect(try await site.prune().deleted > 0)
        for id in try await SampleTree.ids(of: second.snapshot, reader) { _ = try await reader.content(of: id) }
        await reader.close()
    }

    /// What cannot be read could need anything.
    @Test func nothingIsDeletedWhileSomethingIsDamaged() async throws {
        for prefix in ["repository/snapshots/", "repository/index/"] {
            let site = try await TestRepository.make()
            let snapshot = try await site.backUp(.sample(30))
            _ = try await site.backUp(.sample(30, seed: 2))
            try await site.repository.forget([snapshot.id])
            let key = try #require(try await site.keys(below: prefix).first)
            _ = try await site.store.put(key, .bytes([1, 2, 3]), options: PutOptions())
            let packs = try await site.keys(below: "repository/packs/")
            await expect(.damaged) { _ = try await site.prune() }
            #expect(try await site.keys(below: "repository/packs/") == packs)
        }
    }
}

extension CheckReport {
    /// The same counts and nothing else.
    static func clean(like other: CheckReport) -> CheckReport {
        var report = other
        report.problems = []
        report.notes = []
        return report
    }
}
