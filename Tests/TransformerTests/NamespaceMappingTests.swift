import FieldPaths
import GodwitModel
import Testing

@testable import NamespaceMapping

@Suite struct NamespaceMappingTests {
    private let mapping = NamespaceMapping(mapping: ["shop": "shop-copy", "db": "db-copy"])

    private func mapped(_ json: String) throws -> JSONValue { mapping.mapped(try object(json)).value }

    @Test func mapsTheObjectsNamespace() throws {
        let secret = mapping.mapped(try object(#"{"kind":"Secret","metadata":{"name":"shop","namespace":"shop"}}"#))
        #expect(secret.namespace == "shop-copy")
        #expect(secret.name == "shop")
    }

    @Test func mapsANamespacesNameAndItsLabel() throws {
        let namespace = mapping.mapped(
            try object(
                """
                {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","labels":
                {"kubernetes.io/metadata.name":"shop","team":"shop"}},"spec":{"finalizers":["kubernetes"]}}
                """))
        #expect(namespace.name == "shop-copy")
        #expect(namespace.labels == ["kubernetes.io/metadata.name": "shop-copy", "team": "shop"])
    }

    @Test func mapsAVolumesClaimAndDriverSecrets() throws {
        let volume = try mapped(
            """
            {"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"shop"},"spec":{
            "claimRef":{"kind":"PersistentVolumeClaim","namespace":"db","name":"data","uid":"1"},
            "csi":{"driver":"x","nodeStageSecretRef":{"name":"s","namespace":"shop"},
            "controllerExpandSecretRef":{"name":"s","namespace":"kube-system"}}}}
            """)
        #expect(volume[path: "metadata", "name"] == "shop")
        #expect(volume[path: "spec", "claimRef", "namespace"] == "db-copy")
        #expect(volume[path: "spec", "claimRef", "uid"] == "1")
        #expect(volume[path: "spec", "csi", "nodeStageSecretRef", "namespace"] == "shop-copy")
        #expect(volume[path: "spec", "csi", "controllerExpandSecretRef", "namespace"] == "kube-system")
    }

    @Test func mapsSubjectsOfBindings() throws {
        let binding = try mapped(
            """
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"shop"},
            "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"shop"},"subjects":[
            {"kind":"ServiceAccount","name":"shop","namespace":"shop"},
            {"kind":"User","name":"system:serviceaccount:db:reader"},
            {"kind":"Group","name":"system:serviceaccounts:shop"},
            {"kind":"Group","name":"system:serviceaccounts"},
            {"kind":"User","name":"shop"}]}
            """)
        #expect(binding[path: "metadata", "name"] == "shop")
        #expect(binding[path: "roleRef", "name"] == "shop")
        #expect(
            binding["subjects"] == [
                ["kind": "ServiceAccount", "name": "shop", "namespace": "shop-copy"],
                ["kind": "User", "name": "system:serviceaccount:db-copy:reader"],
                ["kind": "Group", "name": "system:serviceaccounts:shop-copy"],
                ["kind": "Group", "name": "system:serviceaccounts"],
                ["kind": "User", "name": "shop"],
            ])
    }

    @Test func mapsRulesForNamespacesOnly() throws {
        let role = try mapped(
            """
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"r"},"rules":[
            {"apiGroups":[""],"resources":["namespaces","namespaces/status"],"resourceNames":["shop","x"],"verbs":["get"]},
            {"apiGroups":[""],"resources":["namespaces","configmaps"],"resourceNames":["shop"],"verbs":["get"]}]}
            """)
        #expect(role["rules"]?.array?[0]["resourceNames"] == ["shop-copy", "x"])
        #expect(role["rules"]?.array?[1]["resourceNames"] == ["shop"])
    }

    @Test func mapsWebhooks() throws {
        let webhook = try mapped(
            """
            {"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration",
            "metadata":{"name":"w"},"webhooks":[{"name":"a.shop","clientConfig":{"service":{"name":"h","namespace":"shop"}},
            "namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"shop","env":"shop"},"matchExpressions":[
            {"key":"kubernetes.io/metadata.name","operator":"NotIn","values":["kube-system","db"]},
            {"key":"env","operator":"In","values":["shop"]}]}}]}
            """)
        let first = webhook["webhooks"]?.array?[0]
        #expect(first?[path: "clientConfig", "service", "namespace"] == "shop-copy")
        #expect(
            first?["namespaceSelector"] == [
                "matchLabels": ["kubernetes.io/metadata.name": "shop-copy", "env": "shop"],
                "matchExpressions": [
                    ["key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", "db-copy"]],
                    ["key": "env", "operator": "In", "values": ["shop"]],
                ],
            ])
    }

    /// One line a kind: where a namespace stands, before and after.
    @Test(arguments: [
        ("apiregistration.k8s.io/v1", "APIService", #"{"service":{"name":"a","namespace":"NS"}}"#),
        (
            "apiextensions.k8s.io/v1", "CustomResourceDefinition",
            #"{"conversion":{"webhook":{"clientConfig":{"service":{"namespace":"NS"}}}}}"#
        ),
        (
            "apiextensions.k8s.io/v1beta1", "CustomResourceDefinition",
            #"{"conversion":{"webhookClientConfig":{"service":{"namespace":"NS"}}}}"#
        ),
        ("v1", "PersistentVolumeClaim", #"{"dataSourceRef":{"kind":"X","name":"x","namespace":"NS"}}"#),
        ("networking.k8s.io/v1", "IngressClass", #"{"parameters":{"scope":"Namespace","namespace":"NS"}}"#),
        (
            "networking.k8s.io/v1", "NetworkPolicy",
            #"{"ingress":[{"from":[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"NS"}}}]}]}"#
        ),
        ("snapshot.storage.k8s.io/v1", "VolumeSnapshotContent", #"{"volumeSnapshotRef":{"namespace":"NS"}}"#),
        (
            "gateway.networking.k8s.io/v1", "HTTPRoute",
            #"{"parentRefs":[{"namespace":"NS"}],"rules":[{"backendRefs":[{"namespace":"NS"}]}]}"#
        ),
        ("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", #"{"from":[{"kind":"HTTPRoute","namespace":"NS"}]}"#),
        (
            "flowcontrol.apiserver.k8s.io/v1", "FlowSchema",
            #"{"rules":[{"subjects":[{"serviceAccount":{"namespace":"NS"}}],"resourceRules":[{"namespaces":["*","NS"]}]}]}"#
        ),
        (
            "v1", "Pod",
            """
            {"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"namespaces":["NS"]}]},
            "podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"podAffinityTerm":
            {"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"NS"}}}}]}}}
            """
        ),
        (
            "batch/v1", "CronJob",
            """
            {"jobTemplate":{"spec":{"template":{"spec":{"affinity":{"podAffinity":
            {"requiredDuringSchedulingIgnoredDuringExecution":[{"namespaces":["NS"]}]}}}}}}}
            """
        ),
    ])
    func mapsInSpec(apiVersion: String, kind: String, spec: String) throws {
        func text(_ namespace: String) -> String {
            let spec = spec.replacing("NS", with: namespace)
            return #"{"apiVersion":"\#(apiVersion)","kind":"\#(kind)","metadata":{"name":"n"},"spec":\#(spec)}"#
        }
        #expect(try mapped(text("shop")) == object(text("shop-copy")).value)
        #expect(try mapped(text("other")) == object(text("other")).value)
    }

    @Test func mapsReferencesToPods() throws {
        let slice = try mapped(
            """
            {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"a","namespace":"shop"},
            "endpoints":[{"addresses":["10.0.0.1"],"targetRef":{"kind":"Pod","name":"p","namespace":"shop"}}]}
            """)
        #expect(slice["endpoints"]?.array?[0][path: "targetRef", "namespace"] == "shop-copy")
        let endpoints = try mapped(
            """
            {"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"a","namespace":"shop"},
            "subsets":[{"notReadyAddresses":[{"ip":"10.0.0.1","targetRef":{"kind":"Pod","namespace":"shop"}}]}]}
            """)
        let address = endpoints["subsets"]?.array?[0]["notReadyAddresses"]?.array?[0]
        #expect(address?[path: "targetRef", "namespace"] == "shop-copy")
    }

    @Test func mapsSecretNamespacesOfClasses() throws {
        let mapped = try mapped(
            """
            {"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","metadata":{"name":"shop"},"parameters":{
            "csi.storage.k8s.io/provisioner-secret-namespace":"shop","csi.storage.k8s.io/provisioner-secret-name":"shop",
            "pool":"shop"}}
            """)
        #expect(
            mapped["parameters"] == [
                "csi.storage.k8s.io/provisioner-secret-namespace": "shop-copy",
                "csi.storage.k8s.io/provisioner-secret-name": "shop", "pool": "shop",
            ])
    }

    @Test func leavesTextThatLooksLikeANamespace() throws {
        let text = """
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"shop","labels":{"app":"shop"}},"spec":{
            "template":{"spec":{"containers":[{"name":"shop","env":[{"name":"DB","value":"db.shop.svc.cluster.local"}]}]}}}}
            """
        #expect(try mapped(text) == object(text).value)
    }

    @Test func swapsTwoNamespaces() throws {
        let swap = NamespaceMapping(mapping: ["a": "b", "b": "a"])
        let text = #"{"kind":"ConfigMap","metadata":{"name":"x","namespace":"a"}}"#
        #expect(swap.mapped(try object(text)).namespace == "b")
        #expect(swap.mapped(swap.mapped(try object(text))) == (try object(text)))
    }

    @Test func everyPathOfTheTableIsWellFormed() throws {
        #expect(!NamespaceReferences.all.isEmpty)
        for reference in NamespaceReferences.all {
            #expect(try FieldPath(parsing: reference.path.description).description == reference.path.description)
        }
    }
}
