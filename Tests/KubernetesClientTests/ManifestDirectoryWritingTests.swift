import Foundation
import GodwitModel
import KubernetesClient
import Testing

@Suite struct ManifestDirectoryWritingTests {
    private func configMap(_ name: String, _ value: String, namespace: String = "ns") -> [UInt8] {
        JSONValue.object([
            "apiVersion": "v1", "kind": "ConfigMap", "data": ["k": .string(value)],
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
        ]).serialized()
    }

    private func kind(_ expected: ClusterError.Kind, _ body: () async throws -> Void) async {
        let error = await #expect(throws: ClusterError.self) { try await body() }
        #expect(error?.kind == expected)
    }

    @Test func writesOneFileAnObject() async throws {
        let directory = try TemporaryDirectory()
        let cluster = directory.cluster
        let resource = try await cluster.resource("cm")
        let role = try await cluster.resource("clusterroles")
        _ = try await cluster.create(resource, namespace: "ns", object: configMap("a", "1"), options: WriteOptions())
        let long = String(repeating: "x", count: 253)
        for name in ["system:a:b", "..a", long, "Ünlaut"] {
            let object: JSONValue = [
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                "metadata": ["name": .string(name)],
            ]
            _ = try await cluster.create(role, namespace: nil, object: object.serialized(), options: WriteOptions())
        }
        #expect(
            directory.read("ns/configmaps/a.yaml")
                == "apiVersion: v1\ndata:\n  k: \"1\"\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: ns\n")
        #expect(directory.files.contains("_cluster/clusterroles.rbac.authorization.k8s.io/system%3Aa%3Ab.yaml"))
        #expect(directory.files.contains("_cluster/clusterroles.rbac.authorization.k8s.io/%2E.a.yaml"))
        #expect(directory.files.count == 5 && directory.files.allSatisfy { $0.utf8.count < 400 })
        // Another reader finds the same.
        #expect(
            try await directory.cluster.all("clusterroles").map(\.metadata.name).sorted()
                == ["..a", "system:a:b", long, "Ünlaut"].sorted())
        await kind(.alreadyExists) {
            _ = try await cluster.create(
                resource, namespace: "ns", object: configMap("a", "1"), options: WriteOptions())
        }
    }

    @Test func refusesWhatCannotBeWritten() async throws {
        let directory = try TemporaryDirectory()
        let cluster = directory.cluster
        let resource = try await cluster.resource("cm")
        for name in ["", "..", ".", "../../etc/passwd", "a/b", "a%2fb", String(repeating: "x", count: 254)] {
            await kind(.invalid) {
                _ = try await cluster.create(
                    resource, namespace: "ns", object: configMap(name, "1"), options: WriteOptions())
            }
        }
        await kind(.invalid) {
            _ = try await cluster.create(resource, namespace: "m", object: configMap("a", "1"), options: WriteOptions())
        }
        await kind(.invalid) {
            _ = try await cluster.create(
                resource, namespace: "..", object: configMap("a", "1", namespace: ".."), options: WriteOptions())
        }
        await kind(.invalid) {
            _ = try await cluster.create(resource, namespace: "ns", object: Array("[]".utf8), options: WriteOptions())
        }
        #expect(directory.files.isEmpty)
        // A link planted in the target does not lead a write out.
        let outside = try TemporaryDirectory()
        try FileManager.default.createSymbolicLink(atPath: directory.path + "/ns", withDestinationPath: outside.path)
        await kind(.manifest) {
            _ = try await cluster.create(
                resource, namespace: "ns", object: configMap("a", "1"), options: WriteOptions())
        }
        #expect(outside.files.isEmpty)
    }

    @Test func dryRunsWriteNothing() async throws {
        let directory = try TemporaryDirectory([
            "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ns}\n"
        ])
        let cluster = directory.cluster
        let resource = try await cluster.resource("cm")
        let dry = WriteOptions(isDryRun: true)
        let before = directory.read("a.yaml")
        _ = try await cluster.create(resource, namespace: "ns", object: configMap("b", "1"), options: dry)
        let updated = try await cluster.update(
            resource, namespace: "ns", name: "a", object: configMap("a", "2"), subresource: nil, options: dry)
        #expect(try JSONValue(parsing: updated.bytes)["data"]?["k"] == "2")
        try await cluster.delete(resource, namespace: "ns", name: "a", options: DeleteOptions(isDryRun: true))
        #expect(directory.files == ["a.yaml"] && directory.read("a.yaml") == before)
    }

    @Test func updatesInPlaceAndDeletes() async throws {
        let directory = try TemporaryDirectory([
            "mine/a.yaml":
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ns, uid: u1, resourceVersion: '5'}\n",
            "b.json": #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b","namespace":"ns"}}"#,
        ])
        let cluster = directory.cluster
        let resource = try await cluster.resource("cm")
        _ = try await cluster.update(
            resource, namespace: "ns", name: "a", object: configMap("a", "2"), subresource: nil, options: WriteOptions()
        )
        _ = try await cluster.update(
            resource, namespace: "ns", name: "b", object: configMap("b", "3"), subresource: nil, options: WriteOptions()
        )
        #expect(directory.files == ["b.json", "mine/a.yaml"])
        #expect(try JSONValue(parsing: directory.read("b.json") ?? "")["data"]?["k"] == "3")
        #expect(try await directory.cluster.object("cm", "ns", "a")?["data"]?["k"] == "2")
        await kind(.notFound) {
            _ = try await cluster.update(
                resource, namespace: "ns", name: "x", object: configMap("x", "2"), subresource: nil,
                options: WriteOptions())
        }
        try await cluster.delete(resource, namespace: "ns", name: "a", options: DeleteOptions())
        #expect(directory.files == ["b.json"])
        await kind(.notFound) {
            try await cluster.delete(resource, namespace: "ns", name: "a", options: DeleteOptions())
        }
    }

    @Test func preconditionsAreChecked() async throws {
        let directory = try TemporaryDirectory([
            "a.yaml":
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ns, uid: u1, resourceVersion: '5'}\n"
        ])
        let cluster = directory.cluster
        let resource = try await cluster.resource("cm")
        await kind(.conflict) {
            try await cluster.delete(resource, namespace: "ns", name: "a", options: DeleteOptions(uid: "u2"))
        }
        await kind(.conflict) {
            var object = try JSONValue(parsing: configMap("a", "1"))
            object[path: "metadata", "resourceVersion"] = "4"
            _ = try await cluster.update(
                resource, namespace: "ns", name: "a", object: object.serialized(), subresource: nil,
                options: WriteOptions())
        }
        try await cluster.delete(resource, namespace: "ns", name: "a", options: DeleteOptions(uid: "u1"))
    }

    @Test func patchesEveryWay() async throws {
        let directory = try TemporaryDirectory([
            "a.yaml":
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: ns}\nspec: {replicas: 1, template: {spec: {containers: [{name: x, image: i}]}}}\n"
        ])
        let cluster = directory.cluster
        let resource = try await cluster.resource("deployments")
        func patch(_ kind: Patch.Kind, _ text: String) async throws -> JSONValue {
            let item = try await cluster.patch(
                resource, namespace: "ns", name: "a", patch: Patch(kind, Array(text.utf8)), subresource: nil,
                options: WriteOptions())
            return try JSONValue(parsing: item.bytes)
        }
        #expect(
            try await patch(.json, #"[{"op":"replace","path":"/spec/replicas","value":2}]"#)["spec"]?["replicas"] == 2)
        #expect(try await patch(.merge, #"{"spec":{"replicas":3}}"#)["spec"]?["replicas"] == 3)
        let containers = try await patch(
            .strategicMerge, #"{"spec":{"template":{"spec":{"containers":[{"name":"y","image":"j"}]}}}}"#)
        #expect(containers["spec"]?["template"]?["spec"]?["containers"]?.array?.count == 2)
        #expect(try await patch(.apply, "spec:\n  paused: true\n")["spec"]?["paused"] == true)
        await kind(.invalid) { _ = try await patch(.json, #"[{"op":"remove","path":"/nowhere"}]"#) }
        await kind(.invalid) { _ = try await patch(.merge, #"{"metadata":{"name":"b"}}"#) }
        await kind(.invalid) { _ = try await patch(.merge, "{") }
        #expect(try await directory.cluster.object("deployments", "ns", "a")?["spec"]?["replicas"] == 3)
    }

    @Test func documentsOfASharedFileMoveOutAndLeaveTheRestAsItIs() async throws {
        let shared =
            "# first\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ns}\n---\n# second\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: ns}\n--- # third\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: ns}\n"
        let directory = try TemporaryDirectory(["all.yaml": shared])
        let cluster = directory.cluster
        let resource = try await cluster.resource("cm")
        _ = try await cluster.update(
            resource, namespace: "ns", name: "b", object: configMap("b", "2"), subresource: nil, options: WriteOptions()
        )
        #expect(
            directory.read("all.yaml")
                == "# first\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ns}\n--- # third\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: ns}\n"
        )
        #expect(directory.files == ["all.yaml", "ns/configmaps/b.yaml"])
        #expect(try await cluster.all("cm").map(\.metadata.name) == ["a", "b", "c"])
        try await cluster.delete(resource, namespace: "ns", name: "a", options: DeleteOptions())
        #expect(directory.read("all.yaml")?.hasPrefix("--- # third") == true)
        #expect(try await cluster.all("cm").map(\.metadata.name) == ["b", "c"])
        try await cluster.delete(resource, namespace: "ns", name: "c", options: DeleteOptions())
        #expect(directory.files == ["ns/configmaps/b.yaml"])
        #expect(try await directory.cluster.all("cm").map(\.metadata.name) == ["b"])
    }

    @Test func elementsOfAListAndForeignChangesAreErrors() async throws {
        let directory = try TemporaryDirectory([
            "l.yaml":
                "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: ns}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: ns}}\n",
            "c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: ns}\n",
        ])
        let cluster = directory.cluster
        let resource = try await cluster.resource("cm")
        let before = directory.read("l.yaml")
        await kind(.manifest) {
            try await cluster.delete(resource, namespace: "ns", name: "a", options: DeleteOptions())
        }
        await kind(.manifest) {
            _ = try await cluster.update(
                resource, namespace: "ns", name: "a", object: configMap("a", "2"), subresource: nil,
                options: WriteOptions())
        }
        #expect(directory.read("l.yaml") == before)
        try directory.write(
            "c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: ns}\ndata: {by: someone}\n")
        await kind(.manifest) {
            _ = try await cluster.update(
                resource, namespace: "ns", name: "c", object: configMap("c", "2"), subresource: nil,
                options: WriteOptions())
        }
        #expect(directory.read("c.yaml")?.contains("someone") == true)
    }

    @Test func secretsAreForTheirOwnerOnly() async throws {
        let directory = try TemporaryDirectory()
        let cluster = directory.cluster
        let object: JSONValue = ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "s", "namespace": "ns"]]
        _ = try await cluster.create(
            try await cluster.resource("secrets"), namespace: "ns", object: object.serialized(), options: WriteOptions()
        )
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + "/ns/secrets/s.yaml")
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test func aDirectoryIsMadeWhenAskedForAndCannotBeWatched() async throws {
        let directory = try TemporaryDirectory()
        let cluster = ManifestDirectory(path: directory.path + "/new", creating: true)
        let resource = try await cluster.resource("cm")
        _ = try await cluster.create(resource, namespace: "ns", object: configMap("a", "1"), options: WriteOptions())
        #expect(directory.files == ["new/ns/configmaps/a.yaml"])
        await kind(.unsupported) {
            for try await _ in cluster.watch(resource, namespace: nil, options: WatchOptions()) {}
        }
    }
}
