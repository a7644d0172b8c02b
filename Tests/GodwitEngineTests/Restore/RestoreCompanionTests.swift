import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import KubernetesClient
import Synchronization
import Testing

@testable import GodwitEngine

struct RestoreCompanionTests {
    /// Asks for the items that the annotation `needs` names.
    private static let needs = TestAction(name: "test/needs") { item, original, _ in
        let names = original.annotations["needs"]?.split(separator: ",").map(String.init) ?? []
        return .restore(item, additionalItems: names.map(Fixture.identity))
    }

    private static func map(_ name: String, needs: String...) -> JSONValue {
        var value = Fixture.configMap("default", name)
        if !needs.isEmpty {
            value[path: "metadata", "annotations", "needs"] = .string(needs.joined(separator: ","))
        }
        return value
    }

    @Test func companionsComeFirst() async throws {
        let cluster = FakeCluster { call in
            // Whoever does not wait overtakes.
            if call.verb == "create", call.object.resource == .secrets { try await Task.sleep(for: .milliseconds(30)) }
        }
        var objects: [JSONValue] = [Fixture.object("v1", "Secret", "default", "shared")]
        for index in 0..<8 { objects.append(Self.map("m\(index)", needs: "secrets/default/shared")) }
        var rig = RestoreRig(objects, cluster: cluster)
        rig.transformers = [Self.needs]
        rig.spec.filter.resources.included = ["configmaps", "secrets"]
        // Without its turn in the order, the Secret comes only because it is asked for.
        let contents = rig.contents
        var request = RestoreRequest(
            restore: Restore(name: "again", spec: rig.spec), contents: contents, cluster: cluster, fixes: [],
            transformers: rig.transformers)
        request.order = RestoreOrder(first: [Fixture.identity("configmaps/x").resource], last: [])
        let report = try await RestoreExecutor(try await RestorePlanner(request).prepare()) { _ in }.run { _ in }
        #expect(report.counts == ["created": 9])
        let order = cluster.calls.filter { $0.verb == "create" }.map(\.object.resource.resource)
        #expect(order.first == "secrets")
        let secret = try #require(
            cluster["secrets/default/shared"]?[path: "metadata", "resourceVersion"]?.string.flatMap { Int($0) })
        for index in 0..<8 {
            let version = cluster["configmaps/default/m\(index)"]?[path: "metadata", "resourceVersion"]?.string
            #expect(try #require(version.flatMap { Int($0) }) > secret)
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func circlesEnd() async throws {
        let cluster = FakeCluster { _ in try await Task.sleep(for: .milliseconds(1)) }
        var objects: [JSONValue] = []
        for index in 0..<30 {
            let first = "configmaps/default/m\((index + 1) % 30)"
            let second = "configmaps/default/m\((index * 7 + 3) % 30)"
            objects.append(Self.map("m\(index)", needs: first, second, "configmaps/default/m\(index)"))
        }
        var rig = RestoreRig(objects, cluster: cluster)
        rig.transformers = [Self.needs]
        rig.concurrency = 16
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 30])
    }

    @Test func companionsNeedNotMatchTheSelectorButTheFilters() async throws {
        var asker = Self.map(
            "m", needs: "secrets/default/s", "secrets/other/s", "persistentvolumes/v", "nodes/n", "secrets/default/none"
        )
        asker[path: "metadata", "labels", "app"] = "x"
        let objects = [
            asker, Fixture.object("v1", "Secret", "default", "s"), Fixture.object("v1", "Secret", "other", "s"),
            Fixture.object("v1", "PersistentVolume", nil, "v"), Fixture.object("v1", "Node", nil, "n"),
        ]
        var rig = RestoreRig(objects)
        rig.transformers = [Self.needs]
        rig.spec.filter.namespaces.included = ["default"]
        rig.spec.filter.labelSelectors = [LabelSelector([.isIn(key: "app", values: ["x"])])]
        let result = try await rig.run()
        #expect(
            rig.cluster.names == ["configmaps/default/m", "secrets/default/s", "persistentvolumes/v"])
        #expect(result.outcomes["configmaps/default/m"]?.warnings.count == 1)
        rig.cluster = FakeCluster()
        rig.spec.filter.includeClusterResources = false
        _ = try await rig.run()
        #expect(rig.cluster.names == ["configmaps/default/m", "secrets/default/s"])
    }

    @Test func damagedCompanionFailsItselfOnly() async throws {
        var rig = RestoreRig(
            [Self.map("m", needs: "secrets/default/s"), Fixture.object("v1", "Secret", "default", "s")],
            damaged: ["secrets/default/s"])
        rig.transformers = [Self.needs]
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 1, "failed": 1])
    }

    @Test func fiveThousandItemsAreClaimedOnceEach() async throws {
        var generator = SeededGenerator(seed: 7)
        let objects = (0..<5000).map { index in
            Self.map("m\(index)", needs: "configmaps/default/m\(Int.random(in: 0..<5000, using: &generator))")
        }
        var rig = RestoreRig(objects)
        rig.transformers = [Self.needs]
        rig.concurrency = 32
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 5000])
        #expect(result.lines == 5000)
        #expect(rig.cluster.calls.filter { $0.verb == "create" }.count == 5000)
    }
}
