import Foundation
import GodwitPluginAPI
import GodwitTestKit
import Testing
import VolumeRepository

/// A machine sleeps for longer than a lock lives, and goes on after a prune has taken its run for dead.
@Suite struct LostLockTests {
    /// The next backup of the same contents finds what it counts on.
    private func expectWhole(_ site: TestRepository, _ contents: [[UInt8]]) async throws {
        let snapshot = try await site.backUp(contents)
        #expect(try await site.check().problems == [])
        #expect(try await site.restore(snapshot.snapshot) == contents)
    }

    private func intervening(
        in site: TestRepository, beforePutting prefix: String, _ event: @escaping InterveningObjectStore.Event
    ) async throws -> (store: InterveningObjectStore, site: TestRepository) {
        let store = InterveningObjectStore(site.store, before: { $0 == "put" && $1.hasPrefix(prefix) }, event)
        let repository = try await Repository.open(store: store, credentials: nil, tuning: .small)
        return (store, TestRepository(store: store, repository: repository))
    }

    @Test func aBackupDoesNotNamePacksThatAreGone() async throws {
        var tuning = RepositoryTuning.small
        tuning.packsPerIndex = 1000
        let site = try await TestRepository.make(tuning: tuning)
        let contents = [[UInt8]].sample(40)
        let writer = try await site.repository.makeWriter()
        _ = try await contents.storedIDs(writer)
        while try await site.keys(below: "repository/packs/").count < 3 { try await Task.sleep(for: .milliseconds(5)) }
        try await site.repository.unlock(all: true)
        #expect(try await site.prune().deleted >= 3)
        await expect(.lockLost) { try await writer.finish() }
        await writer.close()
        try await expectWhole(site, contents)
    }

    @Test func anIndexThatIsOnItsWayThenIsTakenBack() async throws {
        let site = try await TestRepository.make()
        let contents = [[UInt8]].sample(40)
        let (store, late) = try await intervening(in: site, beforePutting: "repository/index/") {
            try await site.repository.unlock(all: true)
            _ = try await site.prune()
        }
        await expect(.lockLost) { _ = try await late.backUp(contents) }
        #expect(store.hasHappened)
        #expect(try await site.keys(below: "repository/index/").isEmpty)
        try await expectWhole(site, contents)
    }

    /// Whatever goes wrong with the last look at the lock: a run that ends with an error has added no snapshot.
    @Test func aSnapshotWhoseLockCannotBeVerifiedIsTakenBack() async throws {
        let site = try await TestRepository.make()
        let calls = FaultyObjectStore(site.store) { _, _ in nil }
        let counted = try await Repository.open(store: calls, credentials: nil, tuning: .small)
        _ = try await TestRepository(store: calls, repository: counted).backUp(.sample(3))
        let put = try #require(calls.callLog.firstIndex { $0.hasPrefix("put repository/snapshots/") })
        for kind in [ObjectStoreError.Kind.unavailable, .accessDenied] {
            let site = try await TestRepository.make()
            let faulty = FaultyObjectStore(site.store, .error(kind), atCall: put + 1)
            let repository = try await Repository.open(store: faulty, credentials: nil, tuning: .small)
            await #expect(throws: ObjectStoreError.self) {
                _ = try await TestRepository(store: faulty, repository: repository).backUp(.sample(3))
            }
            #expect(faulty.callLog[put + 1].hasPrefix("stat repository/locks/"))
            #expect(try await site.repository.snapshots().snapshots.isEmpty)
        }
    }

    @Test func aRepairDoesNotNamePacksThatAreGone() async throws {
        let site = try await TestRepository.make()
        let contents = [[UInt8]].sample(40)
        let forgotten = try await site.backUp(contents)
        try await site.repository.forget([forgotten.id])
        try await site.store.delete(try await site.keys(below: "repository/index/"))
        let (store, late) = try await intervening(in: site, beforePutting: "repository/index/") {
            try await site.repository.unlock(all: true)
            #expect(try await site.prune().deleted > 0)
        }
        await expect(.lockLost) { _ = try await late.repository.repair() }
        #expect(store.hasHappened)
        try await expectWhole(site, contents)
    }

    @Test func aPruneDoesNotNamePacksThatAreGone() async throws {
        let site = try await TestRepository.make(tuning: .small)
        let (old, new) = ([[UInt8]].sample(40, seed: 1), [[UInt8]].sample(40, seed: 2))
        let writer = try await site.repository.makeWriter()
        // Their packs share index objects.
        let first = try await writer.commit(old + new)
        let second = try await writer.commit(new)
        await writer.close()
        try await site.repository.forget([first.id])
        let (store, late) = try await intervening(in: site, beforePutting: "repository/index/") {
            try await site.repository.unlock(all: true)
            try await site.repository.forget([second.id])
            _ = try await site.prune()
        }
        await expect(.lockLost) { _ = try await late.prune() }
        #expect(store.hasHappened)
        try await expectWhole(site, old + new)
    }
}
