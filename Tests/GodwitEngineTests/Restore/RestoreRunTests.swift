import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Synchronization
import Testing

@testable import GodwitEngine

struct RestoreRunTests {
    @Test func createsEverythingCleanedAndLabelled() async throws {
        var map = Fixture.configMap("shop", "a", labels: ["app": "x"])
        map[path: "metadata", "uid"] = "old"
        map[path: "metadata", "resourceVersion"] = "9"
        map[path: "metadata", "ownerReferences"] = [["name": "o"]]
        map[path: "metadata", "finalizers"] = ["x/y", "kubernetes.io/pvc-protection", "external-attacher/disk"]
        map["status"] = ["phase": "Old"]
        var shop = Fixture.namespace("shop", labels: ["team": "a"], annotations: ["note": "n"])
        shop[path: "metadata", "finalizers"] = ["x/y"]
        let rig = RestoreRig([
            shop, map,
        ])
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 2])
        #expect(result.report.phase == .completed)
        let stored = KubernetesObject(try #require(rig.cluster["configmaps/shop/a"]))
        #expect(
            stored.labels == ["app": "x", "velero.io/backup-name": "nightly", "velero.io/restore-name": "again"])
        #expect(stored.owners.isEmpty)
        #expect(stored[path: "metadata", "finalizers"] == ["x/y"])
        #expect(stored[path: "metadata", "uid"] != "old")
        #expect(stored["status"] == nil)
        #expect(stored["data"] == ["a": "1"])
        let namespace = KubernetesObject(try #require(rig.cluster["namespaces/shop"]))
        #expect(namespace.labels["team"] == "a")
        #expect(namespace.annotations == ["note": "n"])
        #expect(namespace[path: "metadata", "finalizers"] == nil)
    }

    @Test(arguments: [ExistingResourcePolicy.none, .update])
    func finalizersOfAnObjectThatExistsAreTheClusters(policy: ExistingResourcePolicy) async throws {
        var (same, changed) = (Fixture.configMap("shop", "same"), Fixture.configMap("shop", "changed"))
        same[path: "metadata", "finalizers"] = ["x/backup"]
        changed[path: "metadata", "finalizers"] = ["x/backup"]
        var rig = RestoreRig([same, changed])
        rig.spec.existingResourcePolicy = policy
        rig.cluster.seed(Fixture.namespace("shop"))
        same[path: "metadata", "finalizers"] = ["kubernetes.io/pvc-protection", "x/cluster"]
        changed[path: "metadata", "finalizers"] = ["kubernetes.io/pvc-protection", "x/cluster"]
        changed["data"] = ["a": "other"]
        rig.cluster.seed(same)
        rig.cluster.seed(changed)
        let result = try await rig.run()
        #expect(result.action("configmaps/shop/same") == .unchanged)
        #expect(rig.cluster["configmaps/shop/changed"]?["data"] == (policy == .update ? ["a": "1"] : ["a": "other"]))
        for name in ["same", "changed"] {
            #expect(
                rig.cluster["configmaps/shop/\(name)"]?[path: "metadata", "finalizers"]
                    == ["kubernetes.io/pvc-protection", "x/cluster"])
        }
    }

    @Test func groupsComeOneAfterTheOther() async throws {
        var objects: [JSONValue] = []
        for index in 0..<40 {
            objects.append(Fixture.object("apps/v1", "Deployment", "shop", "d\(index)"))
            objects.append(Fixture.configMap("shop", "c\(index)"))
            objects.append(Fixture.object("v1", "Secret", "shop", "s\(index)"))
        }
        let rig = RestoreRig(objects)
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 121])
        let order = rig.cluster.calls.filter { $0.verb == "create" }.map(\.object.resource.resource)
        var runs: [String] = []
        for resource in order where runs.last != resource { runs.append(resource) }
        #expect(runs == ["namespaces", "secrets", "configmaps", "deployments"])
    }

    @Test(arguments: [1, 5])
    func concurrencyIsBounded(limit: Int) async throws {
        let cluster = FakeCluster { _ in try await Task.sleep(for: .milliseconds(2)) }
        var rig = RestoreRig((0..<60).map { Fixture.configMap("default", "c\($0)") }, cluster: cluster)
        rig.concurrency = limit
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 60])
        #expect(cluster.with { $0.mostUnderWay } <= limit)
        if limit > 1 { #expect(cluster.with { $0.mostUnderWay } > 1) }
    }

    @Test func oneBadItemFailsAlone() async throws {
        let cluster = FakeCluster { call in
            guard call.verb == "create", call.object.name == "c3" else { return }
            throw ClusterError(.invalid, operation: "create", cluster: "fake", reason: "no good")
        }
        let rig = RestoreRig(
            (0..<10).map { Fixture.configMap("default", "c\($0)") }, cluster: cluster,
            damaged: ["configmaps/default/c5"])
        let result = try await rig.run()
        #expect(result.error == nil)
        #expect(result.report.counts == ["created": 8, "failed": 2])
        #expect(result.report.phase == .partiallyFailed)
        #expect(result.action("configmaps/default/c3")?.reason?.contains("no good") == true)
        #expect(result.action("configmaps/default/c5")?.reason?.contains("checksum") == true)
    }

    @Test func itemThatIsNotWhatTheIndexSaysFails() async throws {
        // The filter lets `shop` in; the text inside says kube-system.
        let contents = LyingContents(
            FakeContents([Fixture.configMap("shop", "a")]), text: Fixture.configMap("kube-system", "a"))
        let cluster = FakeCluster()
        let request = RestoreRequest(
            restore: Restore(name: "again", spec: RestoreSpec(backupName: "nightly")), contents: contents,
            cluster: cluster, fixes: [], transformers: [])
        let report = try await RestoreExecutor(try await RestorePlanner(request).prepare()) { _ in }.run { _ in }
        #expect(report.counts == ["failed": 1])
        #expect(cluster.names.isEmpty)
    }

    @Test func servedVersionOfTheBackupElsePreferred() async throws {
        let rig = RestoreRig([
            Fixture.object("autoscaling/v1", "HorizontalPodAutoscaler", "default", "old"),
            Fixture.object("autoscaling/v2beta2", "HorizontalPodAutoscaler", "default", "gone"),
        ])
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 2])
        let name = "horizontalpodautoscalers.autoscaling/default"
        #expect(rig.cluster["\(name)/old"]?["apiVersion"] == "autoscaling/v1")
        #expect(rig.cluster["\(name)/gone"]?["apiVersion"] == "autoscaling/v2")
    }

    @Test func anActionMayMakeAnotherKindOfIt() async throws {
        var rig = RestoreRig([
            Fixture.object("apps.openshift.io/v1", "DeploymentConfig", "default", "web")
        ])
        rig.transformers = [
            TestAction { item, _, _ in
                var item = item
                item["apiVersion"] = "apps/v1"
                item["kind"] = "Deployment"
                return .restore(item)
            }
        ]
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 1])
        #expect(rig.cluster["deployments.apps/default/web"] != nil)
        #expect(result.outcomes.values.first?.target == Fixture.identity("deployments.apps/default/web"))
    }

    @Test func unservedResourceFails() async throws {
        let rig = RestoreRig([Fixture.object("example.com/v1", "Widget", "default", "w")])
        let result = try await rig.run()
        #expect(result.action("widgets.example.com/default/w")?.reason?.contains("serves no") == true)
    }

    @Test func actionsThatCrashOrSkip() async throws {
        struct Crash: Error {}
        var rig = RestoreRig((0..<4).map { Fixture.configMap("default", "c\($0)") })
        rig.transformers = [
            TestAction(name: "test/crash") { item, _, _ in
                switch item.name {
                case "c1": throw Crash()
                case "c2": return .skip(reason: "not today")
                default: return .restore(item, warnings: ["careful"])
                }
            }
        ]
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 2, "failed": 1, "skipped": 1])
        #expect(result.action("configmaps/default/c1")?.reason?.contains("test/crash") == true)
        #expect(result.action("configmaps/default/c2") == .skipped("not today"))
        #expect(result.report.warnings == 2)
        #expect(result.error == nil)
    }

    @Test func messagesAreCapped() async throws {
        var rig = RestoreRig((0..<1500).map { Fixture.configMap("default", "c\($0)") })
        rig.transformers = [TestAction { _, _, _ in throw ItemError("no") }]
        let result = try await rig.run()
        #expect(result.report.errors == 1500)
        #expect(result.report.results.errors.count == 1001)
        #expect(result.lines == 1500)
    }
}

/// Gives a text of its own for every item.
private struct LyingContents: BackupContents {
    let real: FakeContents
    let text: JSONValue

    init(_ real: FakeContents, text: JSONValue) {
        self.real = real
        self.text = text
    }

    var backup: Backup { real.backup }
    var format: BackupFormat { real.format }
    var warnings: [String] { real.warnings }
    func forEachEntry(_ body: ([IndexEntry]) async throws -> Void) async throws { try await real.forEachEntry(body) }
    func items(_ entries: [IndexEntry]) -> StoredItemStream {
        let left = Mutex(entries)
        let bytes = text.serialized()
        return StoredItemStream {
            let all = left.withLock { left in
                defer { left = [] }
                return left
            }
            guard !all.isEmpty else { return nil }
            return try all.map { entry in
                let metadata = try ItemMetadata(scanning: bytes)
                let item = Item(bytes: bytes, metadata: metadata, resource: entry.identity.resource)
                return StoredItem(entry: entry, item: .success(item))
            }
        }
    }
    func close() async {}
}
