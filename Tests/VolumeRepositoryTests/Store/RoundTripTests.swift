import Foundation
import GodwitPluginAPI
import GodwitTestKit
import Streams
import Synchronization
import Testing
import VolumeRepository

@Suite struct RepositoryRoundTripTests {
    @Test(arguments: [nil, "a long password"])
    func whatIsStoredComesBack(password: String?) async throws {
        let site = try await TestRepository.make(password: password)
        let contents = [[UInt8]].sample(60)
        let snapshot = try await site.backUp(contents)
        #expect(try await site.restore(snapshot.snapshot) == contents)
        let again = try await TestRepository.make(site.store, password: password)
        let found = try await again.repository.snapshot(matching: snapshot.id.short)
        #expect(found == snapshot)
        #expect(try await again.restore(found.snapshot) == contents)
        #expect(try await site.keys(below: "repository/locks/").isEmpty)
    }

    @Test(arguments: [nil, "a long password"])
    func theLargestChunksComeBack(password: String?) async throws {
        var tuning = RepositoryTuning.small
        tuning.packSize = 16 << 20
        let site = try await TestRepository.make(password: password, tuning: tuning)
        var numbers = SeededGenerator(seed: 3)
        let noise = numbers.bytes(1 << 20)
        let contents = [
            noise.repeated(to: ChunkLimits.maximumContent), noise, [0], [UInt8](repeating: 0, count: 1 << 20),
        ]
        #expect(try await site.restore(site.backUp(contents).snapshot) == contents)
    }

    @Test(arguments: [nil, "a long password"])
    func equalContentIsStoredOnce(password: String?) async throws {
        let site = try await TestRepository.make(password: password)
        let contents = [[UInt8]].sample(30)
        _ = try await site.backUp(contents)
        let packs = try await site.keys(below: "repository/packs/")
        let writer = try await site.repository.makeWriter()
        for content in contents { #expect(try await writer.store(content).storedBytes == 0) }
        let new = Array("something that was never there".utf8)
        #expect(try await writer.store(new).storedBytes > 0)
        #expect(try await writer.store(new).storedBytes == 0)
        try await writer.finish()
        await writer.close()
        #expect(try await site.keys(below: "repository/packs/").count == packs.count + 1)
    }

    @Test func whatAKilledRunHadIndexedIsFoundByTheNext() async throws {
        let site = try await TestRepository.make()
        let contents = [[UInt8]].sample(60)
        let writer = try await site.repository.makeWriter()
        for content in contents { _ = try await writer.store(content) }
        try await writer.finish()
        // No close: its process is gone.
        let next = try await site.repository.makeWriter()
        for content in contents { #expect(try await next.store(content).storedBytes == 0) }
        await next.discard()
        await writer.discard()
    }

    @Test(.timeLimit(.minutes(10))) func aCancelledReadDoesNotWaitForTheStore() async throws {
        let site = try await TestRepository.make()
        let snapshot = try await site.backUp(.sample(3))
        let delay = Mutex<Duration?>(nil)
        let slow = FaultyObjectStore(site.store) { _, method in
            method == "get" ? delay.withLock { $0 }.map { .delay($0) } : nil
        }
        let reader = try await Repository.open(store: slow, credentials: nil, tuning: .small).makeReader(use: nil)
        let id = snapshot.snapshot.tree[0]
        delay.withLock { $0 = .seconds(3600) }
        let alone = Task { try await reader.content(of: id) }
        try await Task.sleep(for: .milliseconds(20))
        alone.cancel()
        await #expect(throws: CancellationError.self) { _ = try await alone.value }
        // Who waits for the same chunk gets it all the same.
        delay.withLock { $0 = .milliseconds(200) }
        let first = Task { try await reader.content(of: id) }
        let second = Task { try await reader.content(of: id) }
        try await Task.sleep(for: .milliseconds(20))
        first.cancel()
        #expect(try await second.value.count == 3 * ChunkID.byteCount)
        await reader.close()
    }

    @Test func credentialsAreChecked() async throws {
        let site = try await TestRepository.make(password: "right")
        await expect(.wrongCredentials) {
            _ = try await Repository.open(store: site.store, credentials: .password("wrong"))
        }
        await expect(.credentialsNeeded) { _ = try await Repository.open(store: site.store, credentials: nil) }
        let plain = try await TestRepository.make()
        await expect(.notEncrypted) {
            _ = try await Repository.open(store: plain.store, credentials: .password("any"))
        }
        await expect(.noRepository) { _ = try await Repository.open(store: MemoryObjectStore(), credentials: nil) }
        await expect(.exists) { _ = try await Repository.create(store: plain.store, credentials: nil) }
        await expect(.invalidArgument) { _ = try RepositoryCredentials.password("") }
    }

    @Test func nothingOfTheContentIsVisibleWhereItIsEncrypted() async throws {
        let site = try await TestRepository.make(password: "a long password")
        let plain = try await TestRepository.make()
        let contents = [[UInt8]].sample(20)
        let snapshot = try await site.backUp(contents, volume: "secretvolume")
        let known = try await plain.backUp(contents, volume: "secretvolume")
        #expect(Set(snapshot.snapshot.tree).isDisjoint(with: known.snapshot.tree))
        let reader = try await plain.repository.makeReader()
        let plainIDs = try await SampleTree.ids(of: known.snapshot, reader)
        await reader.close()
        let words = ["secretvolume", "shop", "repeats itself", "/data"].map { Array($0.utf8) }
        let ids = plainIDs.flatMap { [$0.hex, $0.bytes] }
        for key in try await site.keys() {
            let bytes = try await site.store.get(key, range: nil).body.collect(upTo: .max)
            for word in words + ids { #expect(!bytes.contains(word) && !Array(key.utf8).contains(word), "\(key)") }
        }
    }
}

/// Expects a ``RepositoryError`` of a kind.
func expect(
    _ kind: RepositoryError.Kind, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was thrown instead of \(kind)", sourceLocation: sourceLocation)
    } catch let error as RepositoryError {
        #expect(error.kind == kind, sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
}
