import Glibc
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import KubernetesClient
import Synchronization
import Testing

@testable import GodwitEngine

@Suite("Backups, from the source to the store")
struct BackupRunTests {
    @Test("everything is in, once, and comes back byte for byte", arguments: BackupFormat.allCases)
    func everything(format: BackupFormat) async throws {
        let source = SourceFake.shop()
        let store = MemoryObjectStore()
        let report = try await backUp(source, to: store, format: format)
        #expect(report.backup.status.phase == .completed)
        #expect(report.results.errors.count == 0)
        let items = try await contents(in: store)
        let expected = source.resources.withLock { resources in
            resources.values.flatMap(\.objects).filter {
                $0.resource.description != "ingresses.extensions" && $0.resource.description != "events.events.k8s.io"
            }
        }
        #expect(report.backup.status.itemsBackedUp == expected.count)
        let found = Dictionary(uniqueKeysWithValues: items.map { ($0.entry.identity, $0.text) })
        #expect(found.count == expected.count)
        for item in expected { #expect(found[item.identity] == String(decoding: item.bytes, as: UTF8.self)) }
        let entry = try #require(items.first { $0.entry.identity.description == "secrets/shop/db" }?.entry)
        #expect(entry.apiVersion == "v1" && entry.kind == "Secret" && entry.uid == "uid-secrets-shop-db")
        // Nothing but the backup is left.
        #expect(!store.keys.contains { $0.contains("inprogress") })
        let stored = try await BackupCatalog(store: store).backup(named: "b")
        #expect(stored.format == format)
        #expect(stored.backup.status.itemsBackedUp == expected.count)
        #expect(stored.backup.annotations["velero.io/source-cluster-k8s-gitversion"] == "v1.30.1")
    }

    @Test("pods, claims and volumes come first, namespaces last")
    func order() async throws {
        let store = MemoryObjectStore()
        _ = try await backUp(SourceFake.shop(), to: store)
        let resources = try await contents(in: store).map(\.entry.identity.resource.description)
        #expect(Array(resources.prefix(4)) == ["pods", "pods", "persistentvolumeclaims", "persistentvolumes"])
        #expect(resources.last == "namespaces")
    }

    @Test("ordinary programs read what is stored")
    func ordinaryPrograms() async throws {
        let store = MemoryObjectStore()
        _ = try await backUp(SourceFake.shop(), to: store)
        _ = try await backUp(SourceFake.shop(), named: "v", to: store, format: .velero)
        let names = try run(["tar", "--zstd", "-t"], input: try await bytes("backups/b/b.tar.zst", in: store))
        #expect(names.contains("resources/secrets/namespaces/shop/db.json\n"))
        #expect(
            names.contains(
                "resources/clusterroles.rbac.authorization.k8s.io/cluster/system:controller:odd,name.json\n"))
        #expect(names.hasPrefix("metadata/version\n"))
        let index = try run(["zstd", "-dc"], input: try await bytes("backups/b/b-index.ndjson.zst", in: store))
        #expect(try JSONValue(parsing: String(index.split(separator: "\n")[0]))["resource"] == "pods")
        let velero = try run(["tar", "-tz"], input: try await bytes("backups/v/v.tar.gz", in: store))
        #expect(velero.contains("resources/deployments.apps/namespaces/shop/web.json\n"))
        #expect(velero.contains("resources/deployments.apps/v1-preferredversion/namespaces/shop/web.json\n"))
        let list = try run(["gzip", "-dc"], input: try await bytes("backups/v/v-resource-list.json.gz", in: store))
        #expect(try JSONValue(parsing: list)["v1/Secret"] == ["blog/db", "shop/db"])
    }

    @Test("a claim brings its volume when a namespace is selected, a custom resource its definition")
    func related() async throws {
        let store = MemoryObjectStore()
        _ = try await backUp(SourceFake.shop(), to: store) { $0.filter.namespaces.included = ["shop"] }
        let found = try await identities(in: store)
        #expect(found.contains("persistentvolumes/pv-1"))
        #expect(!found.contains("persistentvolumes/pv-2"))
        #expect(found.contains("customresourcedefinitions.apiextensions.k8s.io/widgets.example.com"))
        #expect(found.contains("namespaces/shop"))
        #expect(!found.contains { $0.contains("blog") })
        #expect(Set(found).count == found.count)
    }

    @Test("a namespace that was named and does not exist is an error before anything is written")
    func missingNamespace() async throws {
        let store = MemoryObjectStore()
        let error = await #expect(throws: BackupValidationError.self) {
            _ = try await backUp(SourceFake.shop(), to: store) { $0.filter.namespaces.included = ["shop", "shpo"] }
        }
        #expect(error?.summary.contains("'shpo'") == true)
        #expect(store.keys.isEmpty)
    }

    @Test("one resource that may not be read leaves the rest, and says so")
    func forbidden() async throws {
        let source = SourceFake.shop { operation in
            if operation == "list secrets" {
                throw ClusterError(.forbidden, operation: operation, cluster: "c", reason: "no")
            }
        }
        let store = MemoryObjectStore()
        let report = try await backUp(source, to: store)
        #expect(report.backup.status.phase == .partiallyFailed)
        #expect(report.results.errors.count == 1)
        let stored = try await BackupCatalog(store: store).backup(named: "b")
        #expect(try await BackupCatalog(store: store).results(of: stored) == report.results)
        #expect(try await identities(in: store).contains("configmaps/shop/settings"))
    }

    @Test("an expired token ends the backup, and nothing of it stays")
    func unauthorized() async throws {
        let source = SourceFake.shop { operation in
            if operation == "list secrets" { throw ClusterError(.unauthorized, operation: operation, cluster: "c") }
        }
        let store = MemoryObjectStore()
        await #expect(throws: ClusterError.self) { _ = try await backUp(source, to: store) }
        #expect(store.keys.isEmpty)
    }

    @Test("an action that fails costs its item only; changed items are stored as changed")
    func actions() async throws {
        struct Failing: BackupItemAction {
            let name = "test.io/failing"
            let appliesTo = ResourceSelector(includedNamespaces: ["shop"], includedResources: ["secrets"])
            func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
                throw ProgramFailed(status: 7)
            }
        }
        struct Changing: BackupItemAction {
            let name = "test.io/changing"
            let appliesTo = ResourceSelector(includedResources: ["configmaps"])
            func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
                var item = item
                item.annotations = ["seen": "yes"]
                return BackupItemOutcome(item: item)
            }
        }
        let store = MemoryObjectStore()
        let report = try await backUp(SourceFake.shop(), to: store, actions: [Failing(), Changing()])
        #expect(report.backup.status.phase == .partiallyFailed)
        let items = try await contents(in: store)
        #expect(!items.contains { $0.entry.identity.description == "secrets/shop/db" })
        #expect(items.contains { $0.entry.identity.description == "secrets/blog/db" })
        #expect(items.filter { $0.text.contains(#""seen":"yes""#) }.count == 2)
    }

    @Test("an action that takes many items has its turn among the others, and its failures cost their items only")
    func batches() async throws {
        /// Notes the items that it is given, and adds a letter to those that it does not refuse.
        final class Many: BatchBackupItemAction {
            let name = "test.io/many"
            let appliesTo = ResourceSelector(includedResources: ["secrets"])
            let given = Mutex<[[String]]>([])

            func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
                throw ProgramFailed(status: 8)
            }

            func begin(_ items: [Item], backup: Backup) async throws -> [Result<BatchItemOutcome, any Error>] {
                given.withLock { $0.append(items.map { $0.metadata.annotations["letters"] ?? "" }) }
                return items.map { item in
                    Result {
                        if item.metadata.name.hasPrefix("bad") { throw ProgramFailed(status: 9) }
                        let object = Letter.added("b", to: try KubernetesObject(parsing: item.bytes))
                        let text = object.serialized()
                        return BatchItemOutcome(
                            item: Item(
                                bytes: text, metadata: try ItemMetadata(scanning: text), resource: item.resource),
                            additionalItems: [ItemIdentity(resource: .persistentVolumes, namespace: nil, name: "pv-2")])
                    }
                }
            }
        }
        struct Letter: BackupItemAction {
            let letter: String
            var name: String { "test.io/\(letter)" }
            let appliesTo = ResourceSelector(includedResources: ["secrets"])

            static func added(_ letter: String, to item: KubernetesObject) -> KubernetesObject {
                var item = item
                item.annotations["letters", default: ""] += letter
                return item
            }

            func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
                BackupItemOutcome(item: Self.added(letter, to: item))
            }
        }
        let source = SourceFake.shop()
        for number in 0..<40 { source.add("secrets", "shop", number % 4 == 0 ? "bad-\(number)" : "good-\(number)") }
        let store = MemoryObjectStore()
        let many = Many()
        let report = try await backUp(
            source, to: store, actions: [Letter(letter: "a"), many, Letter(letter: "c")]
        ) { $0.filter.namespaces.included = ["shop"] }
        #expect(report.results.errors.count == 10)
        #expect("\(report.results.errors)".contains("action test.io/many"), "\(report.results.errors)")
        let items = try await contents(in: store)
        let secrets = items.filter { $0.entry.identity.resource == .secrets }
        #expect(secrets.count == 31 && secrets.allSatisfy { $0.text.contains(#""letters":"abc""#) })
        let names = secrets.map(\.entry.identity.name)
        #expect(names == names.sorted() && !names.contains { $0.hasPrefix("bad") }, "in the order of the source")
        #expect(items.contains { $0.entry.identity.description == "persistentvolumes/pv-2" })
        #expect(many.given.withLock { $0 }.joined().allSatisfy { $0 == "a" }, "it comes second")
    }

    @Test("an action that does not answer for each item has failed on all of them")
    func tooFewOutcomes() async throws {
        struct Silent: BatchBackupItemAction {
            let name = "test.io/silent"
            let appliesTo = ResourceSelector(includedNamespaces: ["shop"], includedResources: ["secrets"])

            func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
                BackupItemOutcome()
            }

            func begin(_ items: [Item], backup: Backup) async throws -> [Result<BatchItemOutcome, any Error>] {
                items.dropFirst().map { _ in .success(BatchItemOutcome()) }
            }
        }
        let source = SourceFake.shop()
        source.add("secrets", "shop", "second")
        let store = MemoryObjectStore()
        let report = try await backUp(source, to: store, actions: [Silent()])
        #expect(report.results.errors.count == 2, "\(report.results)")
        #expect(try await identities(in: store).filter { $0.hasPrefix("secrets/shop/") }.isEmpty)
    }

    @Test("actions that ask for each other's items come to an end")
    func cycle() async throws {
        struct Circular: BackupItemAction {
            let name = "test.io/circular"
            let appliesTo = ResourceSelector(includedResources: ["secrets", "persistentvolumes"])
            func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
                BackupItemOutcome(additionalItems: [
                    ItemIdentity(resource: .secrets, namespace: "shop", name: "db"),
                    ItemIdentity(resource: .persistentVolumes, namespace: nil, name: "pv-2"),
                ])
            }
        }
        let store = MemoryObjectStore()
        _ = try await backUp(SourceFake.shop(), to: store, actions: [Circular()]) {
            $0.filter.namespaces.included = ["shop"]
        }
        let found = try await identities(in: store)
        #expect(found.contains("persistentvolumes/pv-2"))
        #expect(Set(found).count == found.count)
    }

    @Test("items that were asked to come first do")
    func orderedResources() async throws {
        let source = SourceFake.shop()
        for name in ["a", "m", "z"] { source.add("secrets", "shop", name) }
        let store = MemoryObjectStore()
        _ = try await backUp(source, to: store) { $0.orderedResources = ["secrets": ["shop/z", "shop/m"]] }
        let found = try await identities(in: store).filter { $0.hasPrefix("secrets/") }
        #expect(found == ["secrets/shop/z", "secrets/shop/m", "secrets/blog/db", "secrets/shop/a", "secrets/shop/db"])
    }

    @Test("what is labelled so, or being deleted, is left out; a labelled namespace with all that is in it")
    func excluded() async throws {
        let source = SourceFake.shop()
        let label = ["velero.io/exclude-from-backup": "true"]
        source.add("secrets", "shop", "private", labels: label)
        source.add("secrets", "shop", "dying", metadata: ["deletionTimestamp": "2026-01-01T00:00:00Z"])
        source.add("namespaces", nil, "hidden", labels: label)
        source.add("secrets", "hidden", "x")
        let store = MemoryObjectStore()
        _ = try await backUp(source, to: store)
        let found = try await identities(in: store)
        #expect(!found.contains { $0.contains("private") || $0.contains("dying") || $0.contains("hidden") })
    }

    @Test("a cancelled backup leaves nothing")
    func cancelled() async throws {
        let (started, signal) = AsyncStream<Void>.makeStream()
        let source = SourceFake.shop { operation in
            if operation == "list configmaps" {
                signal.yield()
                try await Task.sleep(for: .seconds(3600))
            }
        }
        let store = MemoryObjectStore()
        let task = Task { try await backUp(source, to: store) }
        for await _ in started { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(store.keys.isEmpty)
        let report = try await backUp(SourceFake.shop(), to: store)
        #expect(report.backup.status.phase == .completed)
    }
}
