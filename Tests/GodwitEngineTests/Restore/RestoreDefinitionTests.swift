import GodwitModel
import KubernetesClient
import Testing

@testable import GodwitEngine

struct RestoreDefinitionTests {
    private static let widgets = Fixture.definition("widgets", group: "example.com", kind: "Widget")
    private static func widget(_ name: String) -> JSONValue {
        Fixture.object("example.com/v1", "Widget", "default", name)
    }

    @Test func customResourcesWaitForTheirDefinition() async throws {
        let rig = RestoreRig([Self.widget("a"), Self.widget("b"), Self.widgets])
        rig.cluster.with { state in
            state.readsUntilEstablished = 3
            state.discoveriesUntilServed = 2
        }
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 3])
        #expect(rig.cluster["widgets.example.com/default/a"] != nil)
    }

    @Test func definitionIsBroughtAlongForIncludedNamespaces() async throws {
        var rig = RestoreRig([Self.widget("a"), Self.widgets, Fixture.definition("cogs", group: "x.y", kind: "Cog")])
        rig.spec.filter.namespaces.included = ["default"]
        let plan = try await rig.prepare().plan
        #expect(plan.omissions.map(\.items) == [1])
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 2])
    }

    @Test func definitionThatIsNeverEstablishedIsAnError() async throws {
        var rig = RestoreRig([Self.widget("a"), Self.widgets, Fixture.configMap("default", "c")])
        rig.timeout = .milliseconds(100)
        rig.cluster.with { $0.readsUntilEstablished = .max }
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 2, "failed": 1])
        #expect(result.report.errors == 2)
        #expect(result.report.results.errors.cluster.contains { $0.contains("to be established") })
    }

    @Test func manyDefinitionsAreAwaitedTogether() async throws {
        let definitions = (0..<40).map { Fixture.definition("t\($0)s", group: "g.io", kind: "T\($0)") }
        let rig = RestoreRig(definitions)
        rig.cluster.with { $0.readsUntilEstablished = 2 }
        let result = try await rig.run()
        #expect(result.report.counts == ["created": 40])
        #expect(rig.cluster.calls.filter { $0.verb == "discover" }.count <= 4)
    }
}
