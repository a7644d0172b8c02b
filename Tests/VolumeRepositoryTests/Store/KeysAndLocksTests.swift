import Foundation
import GodwitPluginAPI
import GodwitTestKit
import Streams
import Testing
import VolumeRepository

@Suite struct KeysAndLocksTests {
    @Test func keysComeAndGo() async throws {
        let site = try await TestRepository.make(password: "first")
        let contents = [[UInt8]].sample(10)
        let snapshot = try await site.backUp(contents)
        let (first, second) = (
            try RepositoryCredentials.password("first"),
            try RepositoryCredentials.keyFile(Array(repeating: 7, count: 40))
        )
        let old = try #require(try await site.repository.keys().first)
        await expect(.lastKey) { try await site.repository.removeKey(old.id, credentials: first) }
        let new = try await site.repository.addKey(second, label: "safe", credentials: first)
        #expect(try await site.repository.keys().map(\.id).contains(new.id) && new.label == "safe")
        await expect(.invalidArgument) { try await site.repository.removeKey(old.id, credentials: first) }
        try await site.repository.removeKey(old.id, credentials: second)
        await expect(.wrongCredentials) { _ = try await Repository.open(store: site.store, credentials: first) }
        let again = try await Repository.open(store: site.store, credentials: second, tuning: .small)
        #expect(again.chunkerSeed == site.repository.chunkerSeed && again.chunkerSeed != 0)
        #expect(try await TestRepository(store: site.store, repository: again).restore(snapshot.snapshot) == contents)
    }

    @Test func credentialsPrintNothing() throws {
        let credentials = try RepositoryCredentials.password("hunter2-hunter2")
        #expect(!"\(credentials) \(String(reflecting: credentials))".contains("hunter2"))
        var dumped = ""
        dump(credentials, to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }

    @Test func manyRunsMakeOneRepository() async throws {
        let store = MemoryObjectStore()
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await Repository.openOrCreate(
                        store: store, credentials: .password("one"), tuning: .small
                    ).configuration.id
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        #expect(try await Repository.open(store: store, credentials: .password("one")).keys().count == 1)
    }

    /// A lock that is old by the store's clock is a dead run's, and its owner knows it too.
    @Test func staleLocksAreBroken() async throws {
        let store = MemoryObjectStore()
        var tuning = RepositoryTuning.small
        let site = try await TestRepository.make(store, tuning: tuning)
        let forgotten = try await site.backUp(.sample(20))
        try await site.repository.forget([forgotten.id])
        let writer = try await site.repository.makeWriter()
        tuning.lockStaleAfter = .nanoseconds(1)
        tuning.lockRefresh = .seconds(600)
        let impatient = try await Repository.open(store: store, credentials: nil, tuning: tuning)
        #expect(try await impatient.lockList().map(\.isStale) == [true])
        #expect(try await impatient.unlock().removed.count == 1)
        await expect(.lockLost) { _ = try await writer.commit([[UInt8]].sample(20)) }
        await writer.close()
        // The owner of a lock that is too old by its own clock does not touch it.
        let late = try await impatient.makeWriter()
        await expect(.lockLost) { _ = try await late.commit([[UInt8]].sample(20)) }
        await late.close()
    }

    /// What cannot be read keeps nobody out who has another key.
    @Test func aKeyThatIsNoneIsPassedOver() async throws {
        let site = try await TestRepository.make(password: "first")
        let key = "repository/keys/\(String(repeating: "0", count: 32)).json"
        for bytes in [[], [UInt8](repeating: 0x20, count: 2 << 20)] {
            _ = try await site.store.put(key, .bytes(bytes), options: PutOptions())
            _ = try await Repository.open(store: site.store, credentials: .password("first"), tuning: .small)
            #expect(try await site.check().problems.map(\.subject) == [key])
        }
    }

    /// Two machines remove each other's key at the same moment.
    @Test func oneOfTwoKeysStays() async throws {
        let site = try await TestRepository.make(password: "first")
        let first = try RepositoryCredentials.password("first")
        let second = try RepositoryCredentials.password("second")
        let old = try #require(try await site.repository.keys().first)
        let new = try await site.repository.addKey(second, label: "", credentials: first)
        let store = InterveningObjectStore(site.store, before: { method, _ in method == "delete" }) {
            try await site.repository.removeKey(new.id, credentials: first)
        }
        let late = try await Repository.open(store: store, credentials: second, tuning: .small)
        await expect(.lastKey) { try await late.removeKey(old.id, credentials: second) }
        #expect(store.hasHappened)
        _ = try await Repository.open(store: site.store, credentials: first, tuning: .small)
    }

    /// A machine whose clock is wrong takes nobody for dead.
    @Test func staleIsWhatTheStoresClockSays() async throws {
        let store = SkewedObjectStore(ahead: -3600)
        let site = try await TestRepository.make(store)
        let writer = try await site.repository.makeWriter()
        let (removed, left) = try await site.repository.unlock()
        #expect(removed.isEmpty && left.map(\.use) == [.backup] && left.map(\.isStale) == [false])
        _ = try await writer.commit(.sample(3))
        await writer.close()
    }

    /// A repository that lost its configuration is not replaced by an empty one.
    @Test(arguments: [nil, "a long password"])
    func aLostConfigurationIsSaid(password: String?) async throws {
        let site = try await TestRepository.make(password: password)
        let contents = [[UInt8]].sample(10)
        let snapshot = try await site.backUp(contents)
        let key = "repository/config.json"
        let bytes = try await site.store.get(key, range: nil).body.collect(upTo: .max)
        try await site.store.delete([key])
        await expect(.configurationLost) { _ = try await TestRepository.make(site.store, password: password) }
        _ = try await site.store.put(key, .bytes(bytes), options: PutOptions())
        let again = try await TestRepository.make(site.store, password: password)
        #expect(try await again.restore(snapshot.snapshot) == contents)
    }

    @Test func aDamagedSnapshotCanBeForgotten() async throws {
        let site = try await TestRepository.make()
        let snapshot = try await site.backUp(.sample(30))
        let key = "repository/snapshots/\(snapshot.id).json"
        _ = try await site.store.put(key, .bytes([1, 2, 3]), options: PutOptions())
        await expect(.damaged) { _ = try await site.prune() }
        await expect(.damaged) { _ = try await site.repository.snapshot(matching: snapshot.id.short) }
        try await site.repository.forget([try await site.repository.snapshotID(matching: snapshot.id.short)])
        #expect(try await site.prune().deleted > 0)
    }

    @Test func aReaderWithoutThePermissionToWriteReads() async throws {
        let site = try await TestRepository.make()
        let contents = [[UInt8]].sample(10)
        let snapshot = try await site.backUp(contents)
        let store = FaultyObjectStore(site.store) { _, method in
            method == "put" || method == "delete" ? .error(.accessDenied) : nil
        }
        let repository = try await Repository.open(store: store, credentials: nil, tuning: .small)
        let reading = TestRepository(store: store, repository: repository)
        #expect(try await reading.restore(snapshot.snapshot) == contents)
        #expect(try await reading.check().isClean)
    }
}
