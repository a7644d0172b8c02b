import Foundation
import GodwitPluginAPI
import GodwitTestKit
import Testing
import VolumeRepository

/// The store fails at each call in turn; what is left is a repository without damage.
@Suite struct RepositoryFaultTests {
    @Test(arguments: [FaultyObjectStore.Fault.error(.unavailable), .lostAnswer(.unavailable)])
    func aWriterThatFailsLeavesNoDamage(fault: FaultyObjectStore.Fault) async throws {
        try await everyCall(fault) { site in _ = try await site.backUp(.sample(30, seed: 2)) }
    }

    @Test(arguments: [FaultyObjectStore.Fault.error(.unavailable), .lostAnswer(.unavailable)])
    func aPruneThatFailsLeavesNoDamage(fault: FaultyObjectStore.Fault) async throws {
        try await everyCall(fault) { site in _ = try await site.prune() }
    }

    @Test func aRepairThatFailsLeavesNoDamage() async throws {
        try await everyCall(.error(.unavailable)) { site in _ = try await site.repository.repair() }
    }

    private func everyCall(
        _ fault: FaultyObjectStore.Fault, _ work: (TestRepository) async throws -> Void
    ) async throws {
        var call = 0
        var hasFailed = true
        while hasFailed {
            let site = try await TestRepository.make()
            let contents = [[UInt8]].sample(30)
            let forgotten = try await site.backUp(contents)
            let kept = try await site.backUp(Array(contents.prefix(7)))
            try await site.repository.forget([forgotten.id])
            let faulty = FaultyObjectStore(site.store) { [call] number, _ in number == call + 1 ? fault : nil }
            let broken = TestRepository(
                store: faulty,
                repository: try await Repository.open(store: faulty, credentials: nil, tuning: .small))
            do {
                try await work(broken)
            } catch {
                #expect(error is ObjectStoreError || error is RepositoryError)
            }
            hasFailed = faulty.callCount > call + 1
            // The locks of the dead run.
            try await site.repository.unlock(all: true)
            #expect(try await site.check().problems == [], "call \(call): \(faulty.callLog.last ?? "")")
            #expect(try await site.restore(kept.snapshot) == Array(contents.prefix(7)))
            _ = try await site.prune()
            #expect(try await site.check().problems == [], "call \(call), after another prune")
            #expect(try await site.restore(kept.snapshot) == Array(contents.prefix(7)))
            call += 1
            guard call < 200 else { break }
        }
        #expect(call > 5)
    }
}
