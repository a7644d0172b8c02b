import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import Synchronization
import Testing

@testable import GodwitEngine

@Suite("Verification, comparison and deletion")
struct VerifierTests {
    private func large() -> SourceFake {
        let source = SourceFake.shop()
        for number in 0..<400 {
            // Text that does not compress, so that there are many frames.
            var generator = SystemRandomNumberGenerator()
            let text = (0..<4096).map { _ in String(UInt8.random(in: 0...255, using: &generator), radix: 16) }.joined()
            source.add("secrets", "shop", "big-\(number)", ["data": ["x": .string(text)]])
        }
        return source
    }

    @Test("a byte that has changed in the tarball costs the items of its frame, by name, and no other")
    func damagedTarball() async throws {
        let store = MemoryObjectStore()
        let catalog = BackupCatalog(store: store)
        _ = try await backUp(large(), to: store)
        let key = BackupLayout(name: "b").tarball
        var tarball = try await bytes(key, in: store)
        tarball[tarball.count / 2] ^= 0x10
        try await store.put(key, .bytes(tarball), options: PutOptions())
        let report = try await BackupVerifier(catalog: catalog).verify("b", details: false)
        #expect(!report.isWhole)
        #expect(report.damages.contains { $0.key == key })
        let damaged = report.damages.compactMap(\.item)
        #expect(!damaged.isEmpty && damaged.count < report.items)
        #expect(report.items > 400)
    }

    @Test("a tarball that was cut short still gives what comes before", arguments: [10, 1000, 500_000])
    func truncated(lost: Int) async throws {
        let store = MemoryObjectStore()
        _ = try await backUp(large(), to: store)
        let key = BackupLayout(name: "b").tarball
        let tarball = try await bytes(key, in: store)
        try await store.put(key, .bytes(Array(tarball.dropLast(lost))), options: PutOptions())
        let opened = try await BackupCatalog(store: store).open(named: "b")
        var entries: [IndexEntry] = []
        try await opened.forEachEntry { entries += $0 }
        var whole = 0
        for try await batch in opened.items(entries) {
            for stored in batch {
                switch stored.item {
                case .success: whole += 1
                case .failure(let error): #expect(error.kind == .damaged)
                }
            }
        }
        #expect(whole > 0)
        #expect(try await !BackupVerifier(catalog: BackupCatalog(store: store)).verify("b", details: false).isWhole)
    }

    @Test("a file that is missing, a changed index and changed metadata are found")
    func otherDamage() async throws {
        let store = MemoryObjectStore()
        let catalog = BackupCatalog(store: store)
        _ = try await backUp(SourceFake.shop(), to: store)
        let layout = BackupLayout(name: "b")
        let index = try await bytes(layout.index, in: store)
        var changed = index
        changed[changed.count / 2] ^= 1
        try await store.put(layout.index, .bytes(changed), options: PutOptions())
        await #expect(throws: BackupStorageError.self) { _ = try await contents(in: store) }
        #expect(try await !BackupVerifier(catalog: catalog).verify("b", details: true).isWhole)
        try await store.put(layout.index, .bytes(index), options: PutOptions())
        try await store.delete([layout.results])
        #expect(
            try await BackupVerifier(catalog: catalog).verify("b", details: false).damages.map(\.key) == [
                layout.results
            ])
        let metadata = String(decoding: try await bytes(layout.metadata, in: store), as: UTF8.self)
        let forged = metadata.replacing("Completed", with: "PartiallyFailed")
        try await store.put(layout.metadata, .bytes(Array(forged.utf8)), options: PutOptions())
        let error = await #expect(throws: BackupStorageError.self) { _ = try await catalog.backup(named: "b") }
        #expect(error?.kind == .damaged)
        // One that cannot be read does not hide the others.
        _ = try await backUp(SourceFake.shop(), named: "c", to: store)
        #expect(try await catalog.backups().map(\.name) == ["b", "c"])
    }

    @Test("a comparison names what was added, removed and changed, field by field", arguments: [true, false])
    func comparison(withCluster: Bool) async throws {
        let store = MemoryObjectStore()
        let catalog = BackupCatalog(store: store)
        _ = try await backUp(SourceFake.shop(), to: store)
        let later = SourceFake.shop()
        later.add("configmaps", "shop", "new")
        later.resources.withLock { resources in
            resources[.secrets]?.objects.removeAll { $0.metadata.namespace == "blog" }
            resources[GroupResource(parsing: "deployments.apps")]?.objects.removeAll { $0.metadata.namespace == "shop" }
        }
        later.add(
            "deployments.apps", "shop", "web", labels: ["app": "shop"], ["spec": ["replicas": 3], "status": ["x": 1]],
            metadata: ["resourceVersion": "99"])
        let found = Found()
        let comparison = BackupComparison(try await catalog.open(named: "b"))
        let summary: ComparisonSummary
        if withCluster {
            summary = try await comparison.compare(with: later, actions: [ClaimAction()]) { found.add($0) }
        } else {
            _ = try await backUp(later, named: "later", to: store)
            summary = try await comparison.compare(with: try await catalog.open(named: "later")) { found.add($0) }
        }
        #expect(summary.added == 1 && summary.removed == 1 && summary.changed == 1 && summary.equal > 10)
        let changes = found.all["deployments.apps/shop/web"]
        guard case .changed(let fields)? = changes else {
            Issue.record("\(String(describing: changes))")
            return
        }
        #expect(fields.map(\.path) == [[.member("spec"), .member("replicas")]])
        #expect(found.all["configmaps/shop/new"] == .added)
        #expect(found.all["secrets/blog/db"] == .removed)
    }

    @Test("a backup is equal to the cluster it was just taken from")
    func equal() async throws {
        let store = MemoryObjectStore()
        let source = SourceFake.shop()
        _ = try await backUp(source, to: store) { $0.filter.namespaces.included = ["shop"] }
        let contents = try await BackupCatalog(store: store).open(named: "b")
        let summary = try await BackupComparison(contents).compare(with: source, actions: [ClaimAction()]) { _ in }
        #expect(summary.isEqual && summary.equal > 5)
    }

    @Test("deletion lets actions see the items first, and takes the metadata away first")
    func deletion() async throws {
        let inner = MemoryObjectStore()
        _ = try await backUp(SourceFake.shop(), to: inner)
        _ = try await backUp(SourceFake.shop(), named: "keep", to: inner)
        let store = FaultyObjectStore(inner) { _, _ in nil }
        let action = CountingDeleteAction()
        let report = try await BackupDeleter(catalog: BackupCatalog(store: store), actions: [action]).delete(
            backup: "b")
        #expect(report.isDeleted)
        #expect(action.seen.all == 2)
        let deletes = store.callLog.filter { $0.hasPrefix("delete") }
        #expect(deletes.first?.contains("godwit-backup.json") == true)
        #expect(inner.keys.allSatisfy { $0.hasPrefix("backups/keep/") })
        let error = await #expect(throws: BackupStorageError.self) {
            _ = try await BackupDeleter(catalog: BackupCatalog(store: inner)).delete(backup: "b")
        }
        #expect(error?.kind == .notFound)
    }

    @Test("a deletion whose action fails deletes nothing unless told to")
    func failingDeletion() async throws {
        let store = MemoryObjectStore()
        _ = try await backUp(SourceFake.shop(), to: store)
        let deleter = BackupDeleter(catalog: BackupCatalog(store: store), actions: [CountingDeleteAction(fails: true)])
        let report = try await deleter.delete(backup: "b")
        #expect(!report.isDeleted && report.results.errors.count == 2)
        #expect(try await contents(in: store).count > 10)
        #expect(try await deleter.delete(backup: "b", ignoringFailures: true).isDeleted)
        #expect(store.keys.isEmpty)
    }
}
