import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Synchronization
import Testing

@testable import GodwitEngine

/// Claims with data, and what uses or owns them.
@Suite struct RestoreClaimTests {
    private static let resources =
        FakeResources.builtIn + [
            FakeResources.resource("apps/v1", "statefulsets", "StatefulSet"),
            FakeResources.resource("kubevirt.io/v1", "virtualmachines", "VirtualMachine"),
            FakeResources.resource("db.example.com/v1", "clusters", "Cluster"),
        ]

    private static func claim(_ name: String) -> JSONValue {
        Fixture.object("v1", "PersistentVolumeClaim", "default", name, ["spec": ["volumeName": .string("pv-\(name)")]])
    }

    private static func workload(
        _ apiVersion: String, _ kind: String, _ name: String, _ volume: JSONValue, _ more: [String: JSONValue] = [:]
    ) -> JSONValue {
        var spec: [String: JSONValue] = ["template": ["spec": ["volumes": [volume]]]]
        spec.merge(more) { _, new in new }
        return Fixture.object(
            apiVersion, kind, "default", name, labels: ["app": "web"], ["spec": .object(spec)])
    }

    private static let workloads = [
        workload("apps/v1", "Deployment", "web", ["persistentVolumeClaim": ["claimName": "data"]]),
        workload("kubevirt.io/v1", "VirtualMachine", "vm", ["dataVolume": ["name": "root"]]),
        workload(
            "apps/v1", "StatefulSet", "db", ["emptyDir": [:]],
            ["volumeClaimTemplates": [["metadata": ["name": "disk"]]]]),
    ]

    /// A restore of workloads and their claims, by a label that only the workloads have.
    private func rig(_ cluster: FakeCluster, mover: MoverFake) -> RestoreRig {
        let claims = ["data", "root", "disk-db-0", "other"]
        var rig = RestoreRig(
            FakeContents(Self.workloads + claims.map(Self.claim), resources: Self.resources), cluster: cluster)
        rig.spec.filter.labelSelectors = [LabelSelector([.isIn(key: "app", values: ["web"])])]
        let records = claims.map { name in
            var record = VolumeRecord(
                claim: ClaimName(namespace: "default", name: name), method: .fsBackup, reason: "", phase: .completed)
            record.data = VolumeRecord.Data(repository: "r", snapshot: "s")
            return record
        }
        rig.volumes = VolumeRestoreSettings(records: records, mover: mover)
        return rig
    }

    /// What starts on an empty volume makes a new database there, while the old one is written underneath.
    @Test func claimsAreFilledBeforeWhatASelectorMatchesUsesThem() async throws {
        let order = Mutex<[String]>([])
        let cluster = FakeCluster(resources: Self.resources) { call in
            if call.verb == "create" { order.withLock { $0.append(call.object.name) } }
        }
        let rig = rig(cluster, mover: MoverFake { claim in order.withLock { $0.append("filled \(claim.name)") } })
        let plan = try await rig.prepare().plan
        #expect(plan.volumes.map(\.claim.name).sorted() == ["data", "disk-db-0", "root"])
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 6], "\(result.report)")
        let steps = order.withLock { $0 }
        let firstUse = try #require(steps.firstIndex { ["web", "vm", "db"].contains($0) })
        #expect(Set(steps[..<firstUse].filter { $0.hasPrefix("filled") }).count == 3, "\(steps)")
    }

    @Test func whatUsesAClaimThatIsNotFilledIsHeldBack() async throws {
        let rig = rig(
            FakeCluster(resources: Self.resources), mover: MoverFake { _ in throw VolumeDataError("it is on fire") })
        let result = try await rig.run()
        for item in [
            "deployments.apps/default/web", "virtualmachines.kubevirt.io/default/vm", "statefulsets.apps/default/db",
        ] { #expect(result.action(item)?.reason?.contains("held back") == true, "\(item): \(result.outcomes)") }
    }

    /// Its controller would make an empty one.
    @Test func whatUsesAClaimThatCouldNotBeRestoredIsHeldBack() async throws {
        let cluster = FakeCluster(resources: Self.resources) { call in
            guard call.verb == "create", call.object.name == "disk-db-0" else { return }
            throw ClusterError(.forbidden, operation: "create", cluster: "fake")
        }
        let result = try await rig(cluster, mover: MoverFake { _ in }).run()
        #expect(result.action("statefulsets.apps/default/db")?.reason?.contains("held back") == true)
        #expect(result.action("deployments.apps/default/web") == .created)
    }

    /// With an owner goes what it owns: the claims, and their volumes.
    @Test(arguments: [true, false]) func whatOwnsClaimsIsNotDeletedToBeReplaced(isDirect: Bool) async throws {
        func database(_ size: Int64) -> JSONValue {
            Fixture.object("db.example.com/v1", "Cluster", "default", "db", ["spec": ["size": .integer(size)]])
        }
        let cluster = FakeCluster(resources: Self.resources)
        func owner(_ kind: String, _ apiVersion: String, _ place: String) -> JSONValue {
            let uid = cluster[place]?[path: "metadata", "uid"] ?? .null
            return ["apiVersion": .string(apiVersion), "kind": .string(kind), "name": "db", "uid": uid]
        }
        cluster.seed(database(1))
        let byDatabase = owner("Cluster", "db.example.com/v1", "clusters.db.example.com/default/db")
        var set = Fixture.object("apps/v1", "StatefulSet", "default", "db")
        set[path: "metadata", "ownerReferences"] = [byDatabase]
        cluster.seed(set)
        var claim = Self.claim("data")
        claim[path: "metadata", "ownerReferences"] =
            isDirect ? [byDatabase] : [owner("StatefulSet", "apps/v1", "statefulsets.apps/default/db")]
        cluster.seed(claim)
        cluster.seed(Self.claim("free"))

        var rig = RestoreRig(FakeContents([database(2)], resources: Self.resources), cluster: cluster)
        rig.spec.existingResourcePolicy = .replace
        let result = try await rig.run()
        #expect(!cluster.calls.contains { $0.verb == "delete" })
        let outcome = try #require(result.outcomes["clusters.db.example.com/default/db"])
        #expect(outcome.action == .updated && outcome.warnings.contains { $0.contains("claim 'default/data'") })
        #expect(cluster["clusters.db.example.com/default/db"]?[path: "spec", "size"] == 2)

        cluster.with { $0.remove(Fixture.identity("persistentvolumeclaims/default/data")) }
        cluster.seed(database(1))
        _ = try await rig.run()
        #expect(cluster.calls.contains { $0.verb == "delete" }, "it owns none")
    }

    @Test func aMachineIsNotDeletedToBeReplaced() async throws {
        func machine(_ cores: Int64) -> JSONValue {
            Fixture.object("kubevirt.io/v1", "VirtualMachine", "default", "vm", ["spec": ["cores": .integer(cores)]])
        }
        let cluster = FakeCluster(resources: Self.resources)
        cluster.seed(machine(1))
        var rig = RestoreRig(FakeContents([machine(2)], resources: Self.resources), cluster: cluster)
        rig.spec.existingResourcePolicy = .replace
        let result = try await rig.run()
        #expect(result.report.counts == ["updated": 1])
        #expect(!cluster.calls.contains { $0.verb == "delete" })
    }
}
