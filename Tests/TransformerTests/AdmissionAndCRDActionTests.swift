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

    @Test func convertsToV1WhereV1beta1IsGone() async throws {
        var context = FakeRestoreContext()
        context.versions = ["v1"]
        let definition = try object(
            """
            {"apiVersion":"apiextensions.k8s.io/v1beta1","kind":"CustomResourceDefinition","metadata":{"name":"as.b.c"},
            "spec":{"group":"b.c","names":{"plural":"as","kind":"A"},"version":"v1","versions":[
            {"name":"v1","served":true,"storage":true},{"name":"v2","served":true,"storage":false,
            "schema":{"openAPIV3Schema":{"type":"object","properties":{"own":{"type":"string"}}}},
            "additionalPrinterColumns":[{"name":"Own","type":"string","JSONPath":".own"}]}],
            "validation":{"openAPIV3Schema":{"properties":{"spec":{"type":"object"}}}},"subresources":{"status":{}},
            "additionalPrinterColumns":[{"name":"Age","type":"date","JSONPath":".metadata.creationTimestamp"}],
            "preserveUnknownFields":false,
            "conversion":{"strategy":"Webhook","conversionReviewVersions":["v1","v1beta1"],
            "webhookClientConfig":{"service":{"namespace":"n","name":"s"},"caBundle":"QQ=="}}}}
            """)
        let expected = try object(
            """
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"as.b.c"},
            "spec":{"group":"b.c","names":{"plural":"as","kind":"A"},"scope":"Namespaced","versions":[
            {"name":"v1","served":true,"storage":true,"subresources":{"status":{}},
            "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object"}}}},
            "additionalPrinterColumns":[{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}]},
            {"name":"v2","served":true,"storage":false,"subresources":{"status":{}},
            "schema":{"openAPIV3Schema":{"type":"object","properties":{"own":{"type":"string"}}}},
            "additionalPrinterColumns":[{"name":"Own","type":"string","jsonPath":".own"}]}],
            "preserveUnknownFields":false,
            "conversion":{"strategy":"Webhook","webhook":{"conversionReviewVersions":["v1","v1beta1"],
            "clientConfig":{"service":{"namespace":"n","name":"s"},"caBundle":"QQ=="}}}}}
            """)
        #expect(try await CustomResourceDefinitionAction().restored(definition, context) == expected)
        #expect(try await CustomResourceDefinitionAction().restored(definition) == definition)
    }

    @Test func whatV1beta1TakesForGrantedIsSaid() async throws {
        var context = FakeRestoreContext()
        context.versions = ["v1"]
        let definition = try object(
            """
            {"apiVersion":"apiextensions.k8s.io/v1beta1","kind":"CustomResourceDefinition","metadata":{"name":"as.b.c"},
            "spec":{"group":"b.c","names":{"plural":"as","kind":"A"},"version":"v1"}}
            """)
        let expected = try object(
            """
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"as.b.c"},
            "spec":{"group":"b.c","names":{"plural":"as","kind":"A"},"scope":"Namespaced","preserveUnknownFields":false,
            "versions":[{"name":"v1","served":true,"storage":true,
            "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}
            """)
        #expect(try await CustomResourceDefinitionAction().restored(definition, context) == expected)
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
