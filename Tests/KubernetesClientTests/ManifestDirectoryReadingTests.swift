import Foundation
import GodwitModel
import KubernetesClient
import Testing

@Suite struct ManifestDirectoryReadingTests {
    @Test func readsManyFormsOfManifests() async throws {
        let directory = try TemporaryDirectory([
            "a.yaml":
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: ns}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ns, labels: {x: \"1\"}}\n",
            "deep/er/b.json":
                #"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"m"}}]}"#,
            "c.yml":
                "apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: d}\n- metadata: {name: e, namespace: ns}\n",
            "notes.md": "hello", "values.yaml": "replicas: 3\n",
            "kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
            ".git/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hidden}\n", "empty.yaml": "# nothing\n",
        ])
        let cluster = directory.cluster
        #expect(
            try await cluster.all("configmaps").map(\.identity.description) == [
                "configmaps/default/d", "configmaps/m/c", "configmaps/ns/a", "configmaps/ns/b", "configmaps/ns/e",
            ])
        #expect(try await cluster.all("cm", namespace: "ns").map(\.metadata.name) == ["a", "b", "e"])
        let selected = ListOptions(labelSelector: try LabelSelector(parsing: "x=1"), pageSize: 1)
        #expect(try await cluster.all("cm", options: selected).map(\.metadata.name) == ["a"])
        #expect(try await cluster.all("cm", options: ListOptions(fieldSelector: "metadata.name=e")).count == 1)
        await #expect(throws: ClusterError.self) {
            try await cluster.all("cm", options: ListOptions(fieldSelector: "spec.x=e"))
        }
        let item = try await cluster.get(try await cluster.resource("cm"), namespace: "ns", name: "e")
        #expect(item?.metadata.apiVersion == "v1" && item?.metadata.kind == "ConfigMap")
        #expect(try await cluster.object("cm", "ns", "zzz") == nil)
        let problems = try await cluster.problems()
        #expect(problems.map(\.path) == ["notes.md", "kustomization.yaml", "values.yaml"])
        #expect(problems.allSatisfy { $0.severity == .ignored })
    }

    @Test func brokenFilesAreReportedAndTheRestIsRead() async throws {
        let directory = try TemporaryDirectory([
            "a.yaml":
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\nkind: [\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n",
            "b.json": "{\n\"kind\": ", "c.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {}\n",
            "f.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: n}\n",
            "d.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        ])
        try Data([0x61, 0x3A, 0x20, 0xFF, 0xFE, 0x0A]).write(to: URL(fileURLWithPath: directory.path + "/e.yaml"))
        let cluster = directory.cluster
        #expect(try await cluster.all("cm").map(\.metadata.name) == ["a", "b"])
        let failed = try await cluster.problems().filter { $0.severity == .failed }
        #expect(Set(failed.map(\.path)) == ["a.yaml", "b.json", "c.yaml", "d.yaml", "e.yaml", "f.yaml"])
        let catalog = try await cluster.discover()
        #expect(catalog.failedGroups[GroupVersion(group: "manifest", version: "a.yaml")] != nil)
    }

    @Test func linksOutOfTheTreeAreNotFollowed() async throws {
        let outside = try TemporaryDirectory(["s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: outside}\n"])
        let directory = try TemporaryDirectory([
            "real/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: inside}\n"
        ])
        let manager = FileManager.default
        try manager.createSymbolicLink(
            atPath: directory.path + "/out.yaml", withDestinationPath: outside.path + "/s.yaml")
        try manager.createSymbolicLink(atPath: directory.path + "/outdir", withDestinationPath: outside.path)
        try manager.createSymbolicLink(atPath: directory.path + "/again", withDestinationPath: "real")
        try manager.createSymbolicLink(atPath: directory.path + "/real/loop", withDestinationPath: "..")
        try manager.createSymbolicLink(atPath: directory.path + "/dangling.yaml", withDestinationPath: "nowhere.yaml")
        let cluster = directory.cluster
        #expect(try await cluster.all("secrets").map(\.metadata.name) == ["inside"])
        let paths = try await cluster.problems().map(\.path).sorted()
        #expect(paths == ["dangling.yaml", "out.yaml", "outdir"])
    }

    @Test func discoversDefinitionsAndGuesses() async throws {
        let definition = """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: foxes.zoo.io}
            spec:
              group: zoo.io
              scope: Cluster
              names: {kind: Fox, plural: foxes, shortNames: [fx]}
              versions: [{name: v1beta1, served: true}, {name: v1, served: true}, {name: v0, served: false}]
            """
        let directory = try TemporaryDirectory([
            "z.yaml": definition,
            "a.yaml": "apiVersion: zoo.io/v1beta1\nkind: Fox\nmetadata: {name: red}\n",
            "b.yaml":
                "apiVersion: farm.io/v2\nkind: Pony\nmetadata: {name: p, namespace: ns}\n---\napiVersion: farm.io/v2\nkind: Barn\nmetadata: {name: b}\n",
            "c.yaml": "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: i, namespace: ns}\n",
        ])
        let cluster = directory.cluster
        let fox = try await cluster.resource("fx")
        #expect(fox.groupVersion.version == "v1" && !fox.isNamespaced)
        #expect(try await cluster.all("foxes").map(\.metadata.name) == ["red"])
        let catalog = try await cluster.discover()
        #expect(catalog.versions(of: GroupResource(parsing: "foxes.zoo.io")) == ["v1", "v1beta1"])
        #expect(catalog[GroupResource(parsing: "ponies.farm.io")]?.isNamespaced == true)
        #expect(catalog[GroupResource(parsing: "barns.farm.io")]?.isNamespaced == false)
        #expect(catalog[GroupResource(parsing: "ingresses.extensions")] != nil)
        #expect(catalog[GroupResource(parsing: "horizontalpodautoscalers.autoscaling")]?.groupVersion.version == "v2")
        #expect(catalog[GroupResource(parsing: "deployments.apps")]?.shortNames == ["deploy"])
        #expect(catalog[GroupResource(parsing: "nodes")]?.isNamespaced == false)
        #expect(catalog.all.count { $0.groupVersion.group == "extensions" } == 1)
        let missing = ManifestDirectory(path: directory.path + "/none")
        await #expect(throws: ClusterError.self) { try await missing.discover() }
    }

    @Test func theSampleShopIsReadWhole() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let cluster = ManifestDirectory(path: root.appendingPathComponent("samples/shop").path)
        #expect(try await cluster.problems() == [])
        var kinds: Set<String> = []
        var count = 0
        for resource in try await cluster.discover().preferred {
            for try await batch in cluster.list(resource, namespace: nil, options: ListOptions()) {
                count += batch.count
                kinds.formUnion(batch.map(\.metadata.kind))
            }
        }
        #expect(kinds.count == 26)
        #expect(count == 32)
        #expect(try await cluster.all("campaigns").count == 2)
        let deployment = try await cluster.object("deployments", "shop", "web")
        let volumes = deployment?["spec"]?["template"]?["spec"]?["volumes"]?.array
        #expect(volumes?.first?["configMap"]?["defaultMode"] == 420)
        #expect(try await cluster.object("cm", "shop", "web")?["data"]?["open"] == "yes")
    }
}
