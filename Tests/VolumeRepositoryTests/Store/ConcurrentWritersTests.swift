import Foundation
import GodwitPluginAPI
import GodwitTestKit
import Testing
import VolumeRepository

@Suite struct ConcurrentWritersTests {
    /// Volumes that share a writer and content: each snapshot is whole as soon as it is there, whatever the others do.
    @Test func volumesShareAWriter() async throws {
        var tuning = RepositoryTuning.small
        tuning.packsPerIndex = 1000
        let slow = FaultyObjectStore(MemoryObjectStore()) { _, method in
            method == "put" ? .delay(.milliseconds(2)) : nil
        }
        let site = try await TestRepository.make(slow, tuning: tuning)
        let shared = [[UInt8]].sample(40)
        let writer = try await site.repository.makeWriter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for volume in 0..<6 {
                group.addTask {
                    let contents = shared + [[UInt8]].sample(10, seed: UInt64(volume + 10))
                    let snapshot = try await writer.commit(contents, volume: "v\(volume)")
                    // Another reader, as after a kill of the writer right now.
                    #expect(try await site.restore(snapshot.snapshot) == contents)
                }
            }
            try await group.waitForAll()
        }
        await writer.close()
        let stats = try await site.repository.stats()
        #expect(stats.snapshots == 6 && stats.chunks == 40 + 6 * 11)
        #expect(try await site.check().isClean)
    }

    @Test func aDiscardedWriterLeavesNoSnapshotAndNoLock() async throws {
        let site = try await TestRepository.make()
        let writer = try await site.repository.makeWriter()
        for content in [[UInt8]].sample(40) { _ = try await writer.store(content) }
        await writer.discard()
        await #expect(throws: (any Error).self) { _ = try await writer.store([1, 2, 3]) }
        #expect(try await site.keys(below: "repository/locks/").isEmpty)
        #expect(try await site.repository.snapshots().snapshots.isEmpty)
        _ = try await site.prune()
        #expect(try await site.keys(below: "repository/packs/").isEmpty)
    }
}
