import FilesystemObjectStore
import Foundation
import GodwitEngine
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import ProgramTestKit
import Streams
import Synchronization
import Testing
import VolumeRepository

/// What a repository of volume data does, on each store that there is: behind the wrappers of the engine, as in earnest.
@Suite struct RepositoryTests {
    static let homes = Home.allCases.filter { $0 == .directory || S3Server.areThere }

    @Test(arguments: homes, [nil, "a long password"])
    func aDirectoryComesBack(home: Home, password: String?) async throws {
        try await RepositorySite.with(home, password) { site in
            let first = try await site.backUp()
            try await site.expectRestores(first)
            let again = try await site.backUp()
            #expect(again.snapshot.totals.newBytes == 0 && again.snapshot.parent == first.id)
            let reopened = try await Repository.open(
                store: site.store, credentials: site.credentials, tuning: site.tuning)
            #expect(try await reopened.snapshots().snapshots.map(\.id) == [first.id, again.id])
            #expect(try await site.check() == [])
            #expect(try await site.keys(below: "repository/locks/") == [])
        }
    }

    @Test(arguments: homes, [nil, "a long password"])
    func whatIsForgottenIsFreed(home: Home, password: String?) async throws {
        try await RepositorySite.with(home, password) { site in
            var snapshots = [try await site.backUp()]
            for number in 1...2 {
                try await site.bash("cd \(site.data); head -c 400000 /dev/urandom >noise; echo \(number) >d/1")
                snapshots.append(try await site.backUp())
            }
            let before = try await site.repository.stats()
            try await site.repository.forget(snapshots.dropLast().map(\.id))
            let waiting = try await site.prune(grace: .seconds(3600))
            #expect(waiting.marked > 0 && waiting.deleted == 0)
            #expect(try await site.check() == [])
            let report = try await site.prune()
            #expect(report.deleted == waiting.marked && report.waiting == 0, "\(report)")
            #expect(try await site.repository.stats().objectBytes < before.objectBytes - 700_000)
            #expect(try await site.check() == [])
            try await site.expectRestores(snapshots[2])
            // The rest is what is needed, and without snapshots nothing is.
            try await site.repository.forget([snapshots[2].id])
            _ = try await site.prune()
            let rest = try await site.keys(below: "repository/")
            #expect(rest.filter { !$0.hasPrefix("repository/keys/") } == ["repository/config.json"])
        }
    }

    @Test(arguments: homes) func backupsAndAPruneGoOnAtOnce(home: Home) async throws {
        try await RepositorySite.with(home, nil) { site in
            let forgotten = try await site.backUp()
            try await site.repository.forget([forgotten.id])
            let snapshots = try await withThrowingTaskGroup(of: StoredSnapshot?.self) { group in
                for name in ["data", "other"] { group.addTask { try await site.backUp(name) } }
                group.addTask {
                    _ = try await site.prune()
                    return nil
                }
                return try await group.reduce(into: [StoredSnapshot]()) { all, next in if let next { all.append(next) }
                }
            }
            #expect(snapshots.count == 2)
            for _ in 0..<2 {
                #expect(try await site.check() == [])
                for snapshot in snapshots { try await site.expectRestores(snapshot) }
                _ = try await site.prune()
            }
        }
    }

    @Test(arguments: homes) func onePruneAtATimeAndOneRepository(home: Home) async throws {
        try await RepositorySite.with(home, nil) { site in
            let isRefused = Mutex(false)
            _ = try await site.prune { stage in
                guard stage == .locked else { return }
                do { _ = try await site.prune() } catch let error as RepositoryError where error.kind == .locked {
                    isRefused.withLock { $0 = true }
                }
            }
            #expect(isRefused.withLock { $0 })
            // Whoever comes first makes it; all others find the same.
            let other = try site.neighbour()
            let ids = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await Repository.openOrCreate(store: other, credentials: nil, tuning: site.tuning)
                            .configuration.id
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
        }
    }

    @Test(arguments: homes) func damageIsNamedAndTheRestComesBack(home: Home) async throws {
        try await RepositorySite.with(home, nil) { site in
            let snapshot = try await site.backUp()
            let key = try await site.largestPack()
            var bytes = try await site.store.get(key, range: nil).body.collect(upTo: .max)
            bytes[600] ^= 1
            _ = try await site.store.put(key, .bytes(bytes), options: PutOptions())
            let problems = try await site.check()
            #expect(!problems.isEmpty && problems.allSatisfy { $0.contains(key) }, "\(problems)")
            let (report, out) = try await site.restore(snapshot)
            #expect(report.failureCount > 0)
            // What is there is right.
            try await site.bash(
                """
                cd \(out)
                find . -type f | while read -r file; do cmp "$file" "\(site.data)/$file"; done
                """)
            try await site.store.delete([key])
            #expect(try await site.check().contains { $0.contains(key) })
            #expect(try await site.repository.repair().lostPacks == [key])
            let healed = try await site.backUp()
            #expect(try await site.check() == [])
            try await site.expectRestores(healed)
            try await site.expectRestores(snapshot)
        }
    }
}

extension RepositoryTests {
    /// The stores.
    enum Home: String, CaseIterable, CustomTestStringConvertible {
        case directory, radosgw, moto

        var testDescription: String { rawValue }

        func provider(_ root: String) throws -> any ObjectStore {
            switch self {
            case .directory: FilesystemObjectStore(root: root)
            case .radosgw: try S3Server.radosgw.store(["conditional-put": "true"])
            case .moto: try S3Server.moto.store(["conditional-put": "true"])
            }
        }
    }
}

/// A directory with files of several sizes, and a repository for it below a prefix of its own.
private struct RepositorySite: Sendable {
    let workspace: Workspace
    let home: RepositoryTests.Home
    let prefix: String
    let store: any ObjectStore
    let repository: Repository
    let credentials: RepositoryCredentials?
    let tuning: RepositoryTuning

    var data: String { workspace.path("data") }

    static func with(
        _ home: RepositoryTests.Home, _ password: String?, _ body: (RepositorySite) async throws -> Void
    ) async throws {
        let site = try await RepositorySite(home, password)
        try await site.bash(
            """
            mkdir -p \(site.data)/d \(site.data)/empty; cd \(site.data)
            for number in {1..60}; do seq $number 900 >d/$number; done
            head -c 300000 /dev/urandom >noise; cat noise noise d/* >large
            truncate -s 50M sparse; printf x | dd of=sparse bs=1 seek=30000000 conv=notrunc status=none
            ln d/1 linked; ln -s d/2 link; chmod 600 d/3; touch -d @77.5 d/4
            """)
        try await body(site)
        try await site.store.delete(try await site.keys(below: ""))
    }

    private init(_ home: RepositoryTests.Home, _ password: String?) async throws {
        self.home = home
        workspace = try Workspace()
        prefix = S3Server.prefix("repository")
        store = try ObjectStoreStack.make(home.provider(workspace.makeFolder("store")), prefix: prefix)
        credentials = try password.map { try RepositoryCredentials.password($0) }
        var tuning = RepositoryTuning()
        // Several packs and index objects of little data.
        tuning.packSize = 200 << 10
        tuning.packsPerIndex = 2
        if let cost = KeyDerivationCost(operations: 1, memory: 8 << 10) { tuning.keyDerivation = cost }
        self.tuning = tuning
        repository = try await Repository.openOrCreate(store: store, credentials: credentials, tuning: tuning)
    }

    /// Another location in the same place.
    func neighbour() throws -> any ObjectStore {
        try ObjectStoreStack.make(home.provider(workspace.path("store")), prefix: prefix + "neighbour")
    }

    func backUp(_ name: String = "data") async throws -> StoredSnapshot {
        let writer = try await repository.makeWriter()
        do {
            let request = VolumeBackupRequest(
                volume: Snapshot.Volume(namespace: "shop", name: name), root: data, host: "machine",
                godwitVersion: "test")
            let (snapshot, summary) = try await repository.backUp(
                request, with: writer, observer: VolumeBackup.Observer())
            await writer.close()
            #expect(summary.problems == 0)
            return snapshot
        } catch {
            await writer.discard()
            throw error
        }
    }

    func restore(_ stored: StoredSnapshot) async throws -> (report: VolumeRestoreReport, out: String) {
        let out = workspace.path("out-\(UUID().uuidString)")
        let reader = try await repository.makeReader()
        let report = try await Restorer(chunks: stored.snapshot.tree, from: reader).restore(to: out)
        await reader.close()
        return (report, out)
    }

    func expectRestores(_ stored: StoredSnapshot) async throws {
        let (report, out) = try await restore(stored)
        #expect(report.failures == [])
        let compare = try await workspace.bash(
            """
            diff -r --no-dereference \(data) \(out)
            list() { (cd "$1" && find . -printf '%p %y %m %U %G %n %T@ %l\\n' | sort); }
            diff <(list \(data)) <(list \(out))
            [[ $(stat -c %b \(out)/sparse) -lt 1000 ]]
            rm -r \(out)
            """)
        #expect(compare.status == 0, "\(compare)")
    }

    /// What a check of all content finds wrong.
    func check() async throws -> [String] {
        var options = CheckOptions()
        options.readData = 1
        return try await repository.check(options).problems.map { "\($0.subject): \($0.reason)" }
    }

    func prune(
        grace: Duration = .zero, reach: @escaping @Sendable (PruneStage) async throws -> Void = { _ in }
    ) async throws -> PruneReport {
        var options = PruneOptions()
        options.grace = grace
        options.minimumUse = 1
        return try await repository.prune(options, reach: reach)
    }

    func keys(below prefix: String) async throws -> [String] {
        var keys: [String] = []
        try await store.forEachPage(ListRequest(prefix: prefix)) { keys += $0.objects.map(\.key) }
        return keys.sorted()
    }

    /// A pack whose first chunk is content and no tree.
    func largestPack() async throws -> String {
        var packs: [ObjectInfo] = []
        try await store.forEachPage(ListRequest(prefix: "repository/packs/")) { packs += $0.objects }
        return try #require(packs.max { $0.size < $1.size }?.key)
    }

    func bash(_ script: String) async throws {
        let run = try await workspace.bash(script)
        try #require(run.status == 0, "\(run)")
    }
}
