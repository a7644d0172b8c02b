import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import Streams
import Testing
import VolumeRepository

/// Every stored object in turn is removed, cut, flipped and swapped.
@Suite struct RepositoryDamageTests {
    enum Damage: CaseIterable {
        case removed, emptied, truncated, flipped, swapped
    }

    @Test(arguments: Damage.allCases, [nil, "a long password"])
    func damageIsNamedAndNothingWrongIsRead(damage: Damage, password: String?) async throws {
        let reference = try await TestRepository.make(password: password)
        let contents = [[UInt8]].sample(20)
        let more = [[UInt8]].sample(20, seed: 2)
        let snapshots = [try await reference.backUp(contents), try await reference.backUp(more)]
        let keys = try await reference.keys()
        for (number, key) in keys.enumerated() {
            let site = try await reference.copy(password: password)
            let expectations = try await damage.apply(to: key, others: keys, seed: UInt64(number), site.store)
            let names = try await site.namesOfProblems(password: password)
            for key in expectations {
                #expect(
                    names.contains { $0.contains(key) } || site.isHarmless(damage, key), "\(damage) \(key): \(names)")
            }
            for (snapshot, contents) in zip(snapshots, [contents, more]) {
                await site.expectRightOrNothing(snapshot.snapshot, contents, password)
            }
        }
    }

    @Test(arguments: [nil, "a long password"])
    func theIndexIsMadeAnewFromThePacks(password: String?) async throws {
        for damage in [Damage.removed, .truncated, .flipped] {
            let site = try await TestRepository.make(password: password)
            let contents = [[UInt8]].sample(40)
            let snapshot = try await site.backUp(contents)
            for (number, key) in try await site.keys(below: "repository/index/").enumerated() {
                _ = try await damage.apply(to: key, others: [], seed: UInt64(number), site.store)
            }
            #expect(try await !site.check().isClean)
            let report = try await site.repository.repair()
            #expect(report.recoveredPacks.count == (try await site.keys(below: "repository/packs/").count))
            #expect(try await site.check().problems == [])
            #expect(try await site.restore(snapshot.snapshot) == contents)
        }
    }

    @Test(arguments: [nil, "a long password"])
    func chunksAreFoundInPacksWithoutAnIndex(password: String?) async throws {
        let site = try await TestRepository.make(password: password)
        let contents = [[UInt8]].sample(40)
        let snapshot = try await site.backUp(contents)
        try await site.store.delete(try await site.keys(below: "repository/index/"))
        for key in try await site.keys(below: "repository/packs/") {
            // The end of the archive and of its index is gone.
            let bytes = try await site.store.get(key, range: nil).body.collect(upTo: .max)
            _ = try await site.store.put(key, .bytes(Array(bytes.dropLast(1600))), options: PutOptions())
        }
        let report = try await site.repository.repair()
        #expect(!report.damagedPacks.isEmpty && report.recoveredPacks.isEmpty)
        #expect(try await site.restore(snapshot.snapshot) == contents)
    }

    @Test(arguments: [nil, "a long password"])
    func aDamagedChunkIsStoredAgainByTheNextBackup(password: String?) async throws {
        let site = try await TestRepository.make(password: password)
        let contents = [[UInt8]].sample(40)
        let snapshot = try await site.backUp(contents)
        let pack = try #require(try await site.keys(below: "repository/packs/").first)
        var bytes = try await site.store.get(pack, range: nil).body.collect(upTo: .max)
        bytes[540] ^= 4
        _ = try await site.store.put(pack, .bytes(bytes), options: PutOptions())
        #expect(try await site.repository.repair().damagedPacks == [])
        #expect(try await site.repository.repair(readingData: true).damagedPacks == [pack])
        #expect(try await site.check().problems.contains { $0.snapshots == [snapshot.id] })
        _ = try await site.backUp(contents)
        #expect(try await site.check().problems.flatMap(\.snapshots) == [])
        #expect(try await site.restore(snapshot.snapshot) == contents)
    }

    @Test func aLostPackIsStoredAgainByTheNextBackup() async throws {
        let site = try await TestRepository.make()
        let contents = [[UInt8]].sample(40)
        let snapshot = try await site.backUp(contents)
        let pack = try #require(try await site.keys(below: "repository/packs/").first)
        try await site.store.delete([pack])
        #expect(try await site.check().problems.contains { $0.subject == pack && $0.snapshots == [snapshot.id] })
        #expect(try await site.repository.repair().lostPacks == [pack])
        _ = try await site.backUp(contents)
        #expect(try await site.check().problems == [])
        #expect(try await site.restore(snapshot.snapshot) == contents)
    }
}

extension RepositoryDamageTests.Damage {
    /// Damages an object; gives the keys of which one must be named.
    func apply(to key: String, others: [String], seed: UInt64, _ store: any ObjectStore) async throws -> [String] {
        var numbers = SeededGenerator(seed: seed)
        var bytes = try await store.get(key, range: nil).body.collect(upTo: .max)
        switch self {
        case .removed:
            try await store.delete([key])
            return [key]
        case .emptied: bytes = []
        case .truncated: bytes.removeLast(Int.random(in: 1..<bytes.count, using: &numbers))
        case .flipped:
            bytes[Int.random(in: 0..<bytes.count, using: &numbers)] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
        case .swapped:
            let folder = key.split(separator: "/").prefix(2).joined(separator: "/")
            guard let other = others.last(where: { $0.hasPrefix(folder + "/") && $0 != key }) else { return [] }
            let content = try await store.get(other, range: nil).body.collect(upTo: .max)
            _ = try await store.put(other, .bytes(bytes), options: PutOptions())
            _ = try await store.put(key, .bytes(content), options: PutOptions())
            return [key, other]
        }
        _ = try await store.put(key, .bytes(bytes), options: PutOptions())
        return [key]
    }
}

extension TestRepository {
    fileprivate func copy(password: String?) async throws -> TestRepository {
        let copy = MemoryObjectStore()
        for key in try await keys() {
            let bytes = try await store.get(key, range: nil).body.collect(upTo: .max)
            _ = try await copy.put(key, .bytes(bytes), options: PutOptions())
        }
        return try await TestRepository.make(copy, password: password)
    }

    /// The subjects of the problems, or the error with which the repository does not open.
    fileprivate func namesOfProblems(password: String?) async throws -> [String] {
        do {
            let credentials = try password.map { try RepositoryCredentials.password($0) }
            let opened = try await Repository.open(store: store, credentials: credentials, tuning: .small)
            let report = try await TestRepository(store: store, repository: opened).check()
            return report.problems.map { "\($0.subject) \($0.reason)" }
        } catch let error as RepositoryError {
            return [error.description]
        }
    }

    /// Objects whose loss only shows when the repository is opened, and the ones that nobody can know to have been.
    fileprivate func isHarmless(_ damage: RepositoryDamageTests.Damage, _ key: String) -> Bool {
        if key == "repository/config.json" || key.hasPrefix("repository/keys/") { return true }
        // A snapshot that is gone is one that was forgotten. The index object that is gone is named by its chunks.
        return damage == .removed && (key.hasPrefix("repository/snapshots/") || key.hasPrefix("repository/index/"))
    }

    fileprivate func expectRightOrNothing(_ snapshot: Snapshot, _ contents: [[UInt8]], _ password: String?) async {
        do {
            let credentials = try password.map { try RepositoryCredentials.password($0) }
            let opened = try await Repository.open(store: store, credentials: credentials, tuning: .small)
            let reader = try await opened.makeReader()
            let ids = try await SampleTree.ids(of: snapshot, reader)
            #expect(ids.count == contents.count)
            for (id, content) in zip(ids, contents) {
                do {
                    #expect(try await reader.content(of: id) == content)
                } catch {
                    #expect(error is RepositoryError)
                }
            }
            await reader.close()
        } catch {
            #expect(error is RepositoryError, "\(error)")
        }
    }
}
