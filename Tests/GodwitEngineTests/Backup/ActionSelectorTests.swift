import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import KubernetesClient
import Testing

@testable import GodwitEngine

@Suite("Actions that do not say which items they are for")
struct ActionSelectorTests {
    private struct Malformed: BackupItemAction {
        let name = "test.io/malformed"
        let appliesTo = ResourceSelector(includedResources: ["secrets", "[a-"])
        func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
            BackupItemOutcome()
        }
    }

    @Test("end a backup before anything is written")
    func backup() async throws {
        let store = MemoryObjectStore()
        let error = await #expect(throws: ActionSelectorError.self) {
            _ = try await backUp(SourceFake.shop(), to: store, actions: [ClaimAction(), Malformed()])
        }
        #expect(error?.description.contains("test.io/malformed") == true)
        #expect(error?.description.contains("'[a-'") == true)
        #expect(store.keys.isEmpty)
    }

    @Test("end a restore when it is planned, before anything is asked of the cluster but what it serves")
    func restore() async throws {
        var rig = RestoreRig([Fixture.configMap("shop", "one")])
        let selector = ResourceSelector(includedNamespaces: ["[z-a]"])
        rig.transformers = [
            TestAction(name: "test.io/broken", appliesTo: selector) { item, _, _ in .restore(item) }
        ]
        let error = await #expect(throws: ActionSelectorError.self) { _ = try await rig.prepare() }
        #expect(error?.description.contains("test.io/broken") == true)
        #expect(error?.description.contains("'[z-a]'") == true)
        #expect(rig.cluster.writes.isEmpty)
    }
}
