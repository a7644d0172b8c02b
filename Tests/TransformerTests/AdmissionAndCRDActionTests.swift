import GodwitModel
import RestoreFixes
import Testing

@Suite struct AdmissionAndCRDActionTests {
    @Test func movesThePreserveFlagIntoTheSchemas() async throws {
        let definition = try object(
            """
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"as.b.c"},
            "spec":{"group":"b.c","preserveUnknownFields":true,"versions":[{"name":"v1","served":true,"storage":true,
            "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object"}}}}},{"name":"v2"}]}}
            """)
        let restored = try await CustomResourceDefinitionAction().restored(definition)
        #expect(restored[path: "spec", "preserveUnknownFields"] == false)
        let versions = try #require(restored[path: "spec", "versions"]?.array)
        #expect(
            versions[0][path: "schema", "openAPIV3Schema"] == [
                "type": "object", "properties": ["spec": ["type": "object"]],
                "x-kubernetes-preserve-unknown-fields": true,
            ])
        #expect(
            versions[1][path: "schema", "openAPIV3Schema"] == [
                "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            ])
        #expect(try await CustomResourceDefinitionAction().restored(restored) == restored)
    }

    @Test func leavesDefinitionsThatV1Takes() async throws {
        for apiVersion in ["v1", "v1beta1"] {
            let definition = KubernetesObject([
                "apiVersion": .string("apiextensions.k8s.io/\(apiVersion)"), "kind": "CustomResourceDefinition",
                "metadata": ["name": "a"], "spec": ["preserveUnknownFields": .bool(apiVersion == "v1beta1")],
            ])
            #expect(try await CustomResourceDefinitionAction().restored(definition) == definition)
        }
    }

    @Test(arguments: [("Unknown", "None"), ("Some", "None"), ("None", "None"), ("NoneOnDryRun", "NoneOnDryRun")])
    func makesSideEffectsAcceptable(before: String, after: String) async throws {
        func configuration(_ effects: String) -> KubernetesObject {
            KubernetesObject([
                "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
                "metadata": ["name": "w"], "webhooks": [["name": "a.b.c", "sideEffects": .string(effects)]],
            ])
        }
        #expect(try await WebhookConfigurationAction().restored(configuration(before)) == configuration(after))
    }
}
