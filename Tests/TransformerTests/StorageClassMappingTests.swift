import GodwitModel
import StorageClassMapping
import Testing

@Suite struct StorageClassMappingTests {
    private let action = StorageClassMapping(mapping: ["gp2": "premium", "standard": "premium"])

    private var context: FakeRestoreContext {
        var context = FakeRestoreContext()
        context.cluster[identity("storageclasses.storage.k8s.io", nil, "premium")] = KubernetesObject([:])
        return context
    }

    @Test(arguments: ["PersistentVolumeClaim", "PersistentVolume"])
    func mapsFieldAndAnnotation(kind: String) async throws {
        func make(_ name: String) throws -> KubernetesObject {
            try object(
                """
                {"apiVersion":"v1","kind":"\(kind)","metadata":{"name":"gp2","annotations":
                {"volume.beta.kubernetes.io/storage-class":"\(name)"}},"spec":{"storageClassName":"\(name)"}}
                """)
        }
        let outcome = try await action.outcome(make("gp2"), context)
        #expect(outcome.item == (try make("premium")))
        #expect(outcome.warnings.isEmpty)
        #expect(try await action.restored(make("other"), context) == make("other"))
    }

    @Test func mapsTemplates() async throws {
        func make(_ name: String) throws -> KubernetesObject {
            try object(
                """
                {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"s"},"spec":{"volumeClaimTemplates":[
                {"metadata":{"name":"data"},"spec":{"storageClassName":"\(name)"}},{"metadata":{"name":"b"},"spec":{}}],
                "template":{"spec":{"volumes":[{"name":"scratch","ephemeral":{"volumeClaimTemplate":
                {"spec":{"storageClassName":"\(name)"}}}}]}}}}
                """)
        }
        #expect(try await action.restored(make("gp2"), context) == make("premium"))
    }

    @Test func mapsQuotasOfAClass() async throws {
        let quota = KubernetesObject([
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": ["name": "q"],
            "spec": [
                "hard": [
                    "gp2.storageclass.storage.k8s.io/requests.storage": "1Ti",
                    "standard.storageclass.storage.k8s.io/requests.storage": "2Ti", "pods": "10",
                ]
            ],
        ])
        let restored = try await action.restored(quota, context)
        #expect(
            restored[path: "spec", "hard"] == [
                "premium.storageclass.storage.k8s.io/requests.storage": "1Ti", "pods": "10",
            ])
    }

    @Test func warnsOfAClassThatIsNowhere() async throws {
        let claim = try object(
            #"{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{},"spec":{"storageClassName":"gp2"}}"#)
        let outcome = try await action.outcome(claim)
        #expect(outcome.item?[path: "spec", "storageClassName"] == "premium")
        #expect(outcome.warnings.count == 1)
        var comes = FakeRestoreContext()
        comes.backup[identity("storageclasses.storage.k8s.io", nil, "premium")] = KubernetesObject([:])
        #expect(try await action.outcome(claim, comes).warnings.isEmpty)
    }

    @Test func leavesAClaimWithoutClass() async throws {
        let claim = try object(#"{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{},"spec":{}}"#)
        #expect(try await action.restored(claim, context) == claim)
        let none = try object(
            #"{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{},"spec":{"storageClassName":""}}"#)
        #expect(try await action.restored(none, context) == none)
    }
}
