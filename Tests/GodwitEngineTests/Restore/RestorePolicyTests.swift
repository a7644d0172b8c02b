import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Testing

@testable import GodwitEngine

struct RestorePolicyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let policy: ExistingResourcePolicy
        let existing: String
        let word: String
        let data: String
        var testDescription: String { "\(policy) \(existing)" }
    }

    @Test(arguments: [
        Case(policy: .none, existing: "1", word: "unchanged", data: "1"),
        Case(policy: .none, existing: "2", word: "skipped", data: "2"),
        Case(policy: .update, existing: "1", word: "unchanged", data: "1"),
        Case(policy: .update, existing: "2", word: "updated", data: "1"),
        Case(policy: .replace, existing: "1", word: "unchanged", data: "1"),
        Case(policy: .replace, existing: "2", word: "updated", data: "1"),
        Case(policy: .fail, existing: "1", word: "unchanged", data: "1"),
        Case(policy: .fail, existing: "2", word: "failed", data: "2"),
    ])
    func policies(_ test: Case) async throws {
        for isDryRun in [false, true] {
            var rig = RestoreRig([Fixture.configMap("default", "c", labels: ["app": "x"])])
            rig.spec.existingResourcePolicy = test.policy
            rig.isDryRun = isDryRun
            rig.cluster.seed(
                Fixture.configMap("default", "c", labels: ["app": "x"], data: ["a": .string(test.existing)]))
            let before = rig.cluster["configmaps/default/c"]
            let result = try await rig.run()
            #expect(result.action("configmaps/default/c")?.word == test.word)
            let after = try #require(rig.cluster["configmaps/default/c"])
            if isDryRun {
                #expect(after == before)
                #expect(rig.cluster.writes.isEmpty)
            } else {
                #expect(after[path: "data", "a"]?.string == test.data)
                let isSame = after[path: "metadata", "uid"] == before?[path: "metadata", "uid"]
                #expect(isSame == (test.policy != .replace || test.word != "updated"))
                if test.word == "updated" {
                    #expect(KubernetesObject(after).labels["velero.io/restore-name"] == "again")
                }
            }
            #expect(result.report.warnings == (test.word == "skipped" ? 1 : 0))
        }
    }

    @Test func fixesAndNullsMakeNoDifference() async throws {
        var rig = RestoreRig([
            Fixture.object(
                "v1", "Service", "default", "s",
                ["spec": ["clusterIP": "10.0.0.1", "x": .null, "ports": [["port": 1]]]])
        ])
        rig.fixes = [
            TestAction { item, _, _ in
                var item = item
                item[path: "spec", "clusterIP"] = nil
                return .restore(item)
            }
        ]
        rig.spec.existingResourcePolicy = .update
        rig.cluster.seed(
            Fixture.object(
                "v1", "Service", "default", "s",
                ["spec": ["clusterIP": "10.9.9.9", "ports": [["port": 1]]], "status": ["loadBalancer": [:]]]))
        let result = try await rig.run()
        #expect(result.report.counts == ["unchanged": 1])
    }

    @Test func updateKeepsWhatFixesTookAway() async throws {
        var rig = RestoreRig([
            Fixture.object("v1", "Service", "default", "s", ["spec": ["clusterIP": "10.0.0.1", "type": "B"]])
        ])
        rig.fixes = [
            TestAction { item, _, _ in
                var item = item
                item[path: "spec", "clusterIP"] = nil
                return .restore(item)
            }
        ]
        rig.spec.existingResourcePolicy = .update
        rig.cluster.seed(
            Fixture.object("v1", "Service", "default", "s", ["spec": ["clusterIP": "10.9.9.9", "type": "A"]]))
        let result = try await rig.run()
        #expect(result.report.counts == ["updated": 1])
        #expect(rig.cluster["services/default/s"]?["spec"] == ["clusterIP": "10.9.9.9", "type": "B"])
    }

    @Test(arguments: ExistingResourcePolicy.allCases)
    func serviceAccountsAreMerged(policy: ExistingResourcePolicy) async throws {
        var rig = RestoreRig([
            Fixture.object(
                "v1", "ServiceAccount", "default", "default", labels: ["b": "2"],
                ["secrets": [["name": "mine"], ["name": "both"]], "imagePullSecrets": [["name": "pull"]]])
        ])
        rig.spec.existingResourcePolicy = policy
        rig.cluster.seed(
            Fixture.object(
                "v1", "ServiceAccount", "default", "default", labels: ["a": "1"],
                ["secrets": [["name": "both"], ["name": "theirs"]]]))
        let result = try await rig.run()
        #expect(result.report.counts == ["updated": 1])
        let account = KubernetesObject(try #require(rig.cluster["serviceaccounts/default/default"]))
        #expect(account["secrets"] == [["name": "both"], ["name": "theirs"], ["name": "mine"]])
        #expect(account["imagePullSecrets"] == [["name": "pull"]])
        #expect(account.labels == ["a": "1", "b": "2"])
        let again = try await rig.run()
        #expect(again.report.counts == ["unchanged": 1])
    }

    @Test func namespacesAndClaimsAreNeverDeletedToBeReplaced() async throws {
        let claim = { (size: JSONValue) in
            Fixture.object("v1", "PersistentVolumeClaim", "shop", "p", ["spec": ["size": size]])
        }
        var rig = RestoreRig([Fixture.namespace("shop", labels: ["a": "1"]), claim("2Gi")])
        rig.spec.existingResourcePolicy = .replace
        rig.cluster.seed(Fixture.namespace("shop"))
        rig.cluster.seed(claim("1Gi"))
        rig.cluster.seed(Fixture.configMap("shop", "precious"))
        let result = try await rig.run()
        #expect(result.report.counts == ["updated": 2])
        #expect(!rig.cluster.calls.contains { $0.verb == "delete" })
        #expect(rig.cluster["configmaps/shop/precious"] != nil)
    }

    /// Without them no pod that they admit starts, in any namespace.
    @Test func securityContextConstraintsAreNeverDeletedToBeReplaced() async throws {
        let constraints = { (users: JSONValue) in
            Fixture.object("security.openshift.io/v1", "SecurityContextConstraints", nil, "scc", ["users": users])
        }
        let resources =
            FakeResources.builtIn + [
                FakeResources.resource(
                    "security.openshift.io/v1", "securitycontextconstraints", "SecurityContextConstraints",
                    namespaced: false)
            ]
        var rig = RestoreRig(
            FakeContents([constraints(["a"])], resources: resources), cluster: FakeCluster(resources: resources))
        rig.spec.existingResourcePolicy = .replace
        rig.cluster.seed(constraints(["b"]))
        let result = try await rig.run()
        #expect(result.report.counts == ["updated": 1])
        #expect(!rig.cluster.calls.contains { $0.verb == "delete" })
    }

    @Test func replacementWaitsForTheOldObjectToGo() async throws {
        var rig = RestoreRig([Fixture.configMap("default", "c")])
        rig.spec.existingResourcePolicy = .replace
        rig.cluster.seed(Fixture.configMap("default", "c", data: ["a": "2"]))
        rig.cluster.with { $0.slowToGo[Fixture.identity("configmaps/default/c")] = 3 }
        let result = try await rig.run()
        #expect(result.report.counts == ["updated": 1])
        #expect(rig.cluster["configmaps/default/c"]?["data"] == ["a": "1"])
    }

    @Test func objectThatCannotBeReplacedIsPutBack() async throws {
        let refuses = Refusal()
        let cluster = FakeCluster { call in
            if call.verb == "create" { try refuses.check() }
        }
        var rig = RestoreRig([Fixture.configMap("default", "c")], cluster: cluster)
        rig.spec.existingResourcePolicy = .replace
        rig.cluster.seed(Fixture.configMap("default", "c", data: ["a": "2"]))
        let result = try await rig.run()
        #expect(result.action("configmaps/default/c")?.reason?.contains("put back") == true)
        #expect(rig.cluster["configmaps/default/c"]?["data"] == ["a": "2"])
    }

    @Test func anObjectOnItsWayOutIsWaitedFor() async throws {
        let rig = RestoreRig([Fixture.configMap("default", "c")])
        rig.cluster.seed(Fixture.configMap("default", "c", data: ["a": "2"]))
        rig.cluster.with { $0.terminate(Fixture.identity("configmaps/default/c"), reads: 2) }
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 1])
        #expect(rig.cluster["configmaps/default/c"]?["data"] == ["a": "1"])
    }

    @Test func refusalOfAnObjectThatExistsIsNoFailure() async throws {
        // A quota refuses before the server notices that the object is there.
        let cluster = FakeCluster { call in
            guard call.verb == "create", call.object.resource == .services else { return }
            throw ClusterError(.forbidden, operation: "create", cluster: "fake", reason: "exceeded quota")
        }
        let service = Fixture.object("v1", "Service", "default", "s", ["spec": ["type": "A"]])
        let rig = RestoreRig(
            [service, Fixture.object("v1", "Service", "default", "new")], cluster: cluster)
        cluster.seed(service)
        let result = try await rig.run()
        #expect(result.action("services/default/s") == .unchanged)
        #expect(result.action("services/default/new")?.reason?.contains("exceeded quota") == true)
    }

    /// A cluster whose quota is not computed for the first so many creations.
    private func cluster(refusing count: Int) -> FakeCluster {
        let calls = CallCounter()
        return FakeCluster { call in
            guard call.verb == "create", call.object.resource == .services, calls.next() <= count else { return }
            throw ClusterError(
                .quotaPending, operation: "create", cluster: "fake", reason: "status unknown for quota: q")
        }
    }

    @Test func aQuotaThatIsNotComputedYetIsWaitedFor() async throws {
        let new = Fixture.object("v1", "Service", "default", "new")
        let rig = RestoreRig([new, Fixture.object("v1", "Service", "default", "s")], cluster: cluster(refusing: 5))
        rig.cluster.seed(Fixture.object("v1", "Service", "default", "s"))
        let result = try await rig.run()
        #expect(result.action("services/default/new") == .created)
        #expect(result.action("services/default/s") == .unchanged)
    }

    @Test func aQuotaThatIsNeverComputedIsWaitedForOnce() async throws {
        let services = (0..<20).map { Fixture.object("v1", "Service", "default", "s\($0)") }
        var rig = RestoreRig(services + [Fixture.configMap("default", "c")], cluster: cluster(refusing: .max))
        rig.timeout = .milliseconds(300)
        rig.concurrency = 1
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 1, "failed": 20])
        #expect(result.action("services/default/s19")?.reason?.contains("status unknown for quota: q") == true)
        // One was tried again and again; the others twice, before and after it was seen that they do not exist.
        #expect(rig.cluster.calls.count { $0.verb == "create" && $0.object.name == "s19" } == 2)
    }

    @Test func aDryRunDoesNotWaitForAQuota() async throws {
        var rig = RestoreRig([Fixture.object("v1", "Service", "default", "s")], cluster: cluster(refusing: .max))
        rig.isDryRun = true
        let result = try await rig.run()
        #expect(result.action("services/default/s") == .created)
        #expect(result.report.warnings == 1)
    }
}

/// Refuses the second call.
private final class Refusal: Sendable {
    private let calls = CallCounter()

    func check() throws {
        if calls.next() == 2 {
            throw ClusterError(.invalid, operation: "create", cluster: "fake", reason: "a webhook denied it")
        }
    }
}
