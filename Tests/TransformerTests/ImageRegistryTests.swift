import FieldPaths
import GodwitModel
import GodwitPluginAPI
import ImageRegistry
import Testing

@Suite struct ImageRegistryRulesTests {
    @Test(arguments: [
        ("nginx", "mirror.local/hub/library/nginx"),
        ("nginx:1.25", "mirror.local/hub/library/nginx:1.25"),
        ("docker.io/nginx", "mirror.local/hub/library/nginx"),
        ("index.docker.io/library/nginx:1", "mirror.local/hub/library/nginx:1"),
        ("bitnami/redis@sha256:00ff", "mirror.local/hub/bitnami/redis@sha256:00ff"),
        ("quay.io/org/app:v1@sha256:00ff", "quay.new/org/app:v1@sha256:00ff"),
        ("quay.io/org/special/app", "special.local:5000/app"),
        ("quay.io/org/specials/app", "quay.new/org/specials/app"),
        ("quay.io:443/org/app", "quay.io:443/org/app"),
        ("registry.local:5000/a:1", "other.local:6000/x/a:1"),
        ("registry.local:5001/a:1", "registry.local:5001/a:1"),
        ("localhost/a", "localhost/a"),
        ("", ""), (" ", " "), ("${IMAGE}", "${IMAGE}"), ("UPPER/Case/x", "UPPER/Case/x"),
    ])
    func maps(image: String, expected: String) throws {
        let rules = try ImageRegistryRules([
            "docker.io": "mirror.local/hub", "quay.io": "quay.new", "quay.io/org/special": "special.local:5000",
            "registry.local:5000": "other.local:6000/x",
        ])
        #expect(rules.mapped(image) == expected)
    }

    @Test func aPrefixEndsAtAComponent() throws {
        let rules = try ImageRegistryRules(["docker.io/library": "mirror.local"])
        #expect(rules.mapped("nginx:1") == "mirror.local/nginx:1")
        #expect(rules.mapped("docker.io/librarything/nginx") == "docker.io/librarything/nginx")
    }

    @Test func aNameWithoutDotIsAnImageOfTheHub() throws {
        let rules = try ImageRegistryRules(["nginx": "mirror.local/web", "bitnami/redis/": "mirror.local/redis/"])
        #expect(rules.mapped("nginx:1.25") == "mirror.local/web:1.25")
        #expect(rules.mapped("docker.io/library/nginx") == "mirror.local/web")
        #expect(rules.mapped("nginx2") == "nginx2")
        #expect(rules.mapped("bitnami/redis:7") == "mirror.local/redis:7")
    }

    @Test(arguments: [
        ["": "a.b"], ["a.b": ""], ["quay.io/a:v1": "quay.io/b"], ["quay.io/a@sha256:00": "b.c"],
        ["quay.io//a": "b.c"], ["a.b": "c.d/X Y"], ["docker.io": "a.b", "index.docker.io": "a.c"],
        ["https://quay.io": "a.b"], ["a.b": "https://c.d"],
    ])
    func refuses(rules: [String: String]) {
        #expect(throws: ImageRegistryRuleError.self) { try ImageRegistryRules(rules) }
    }

    @Test func rulesThatDoNotMeetAreIdempotent() throws {
        let rules = try ImageRegistryRules(["docker.io": "m.local/hub", "quay.io": "m.local/quay"])
        for image in ["nginx", "a/b:1", "quay.io/x/y@sha256:00", "gcr.io/z"] {
            #expect(rules.mapped(rules.mapped(image)) == rules.mapped(image))
        }
    }
}

@Suite struct ImageRegistryTests {
    private let podSpec = """
        {"containers":[{"name":"a","image":"IMG"},{"name":"b"}],"initContainers":[{"name":"i","image":"IMG"}],
        "ephemeralContainers":[{"name":"e","image":"IMG"}],
        "volumes":[{"name":"v","image":{"reference":"IMG","pullPolicy":"Always"}},{"name":"w","emptyDir":{}}]}
        """

    private func action() throws -> ImageRegistry {
        ImageRegistry(rules: try ImageRegistryRules(["quay.io/old": "quay.io/new"]))
    }

    @Test(arguments: [
        ("v1", "Pod", "{\"spec\":SPEC}"), ("v1", "ReplicationController", "{\"spec\":{\"template\":{\"spec\":SPEC}}}"),
        ("v1", "PodTemplate", "{\"template\":{\"spec\":SPEC}}"),
        ("apps/v1", "Deployment", "{\"spec\":{\"template\":{\"spec\":SPEC}}}"),
        ("apps/v1", "ReplicaSet", "{\"spec\":{\"template\":{\"spec\":SPEC}}}"),
        ("apps/v1", "StatefulSet", "{\"spec\":{\"template\":{\"spec\":SPEC}}}"),
        ("apps/v1", "DaemonSet", "{\"spec\":{\"template\":{\"spec\":SPEC}}}"),
        ("extensions/v1beta1", "Deployment", "{\"spec\":{\"template\":{\"spec\":SPEC}}}"),
        ("batch/v1", "Job", "{\"spec\":{\"template\":{\"spec\":SPEC}}}"),
        ("batch/v1beta1", "CronJob", "{\"spec\":{\"jobTemplate\":{\"spec\":{\"template\":{\"spec\":SPEC}}}}}"),
        ("apps.openshift.io/v1", "DeploymentConfig", "{\"spec\":{\"template\":{\"spec\":SPEC}}}"),
    ])
    func mapsEveryWorkload(apiVersion: String, kind: String, shape: String) async throws {
        func make(_ image: String) throws -> KubernetesObject {
            var made = try object(shape.replacing("SPEC", with: podSpec).replacing("IMG", with: image))
            made["apiVersion"] = .string(apiVersion)
            made["kind"] = .string(kind)
            made["metadata"] = ["name": "x", "namespace": "n"]
            return made
        }
        #expect(try await action().restored(make("quay.io/old/app:1")) == make("quay.io/new/app:1"))
        #expect(try await action().restored(make("gcr.io/old/app:1")) == make("gcr.io/old/app:1"))
    }

    @Test func leavesOtherKindsAndStatus() async throws {
        let service = try object(
            #"{"apiVersion":"serving.knative.dev/v1","kind":"Deployment","metadata":{},"spec":{"image":"quay.io/old/a"}}"#
        )
        #expect(try await action().restored(service) == service)
        let pod = try object(
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{"containers":[{"image":"quay.io/old/a"}]},
            "status":{"containerStatuses":[{"image":"quay.io/old/a"}]}}
            """)
        let outcome = try await action().execute(pod, original: pod, context: FakeRestoreContext())
        #expect(outcome.item?["status"] == pod["status"])
    }

    @Test func mapsCustomPaths() async throws {
        let path = try CustomImagePath(parsing: "prometheuses.monitoring.coreos.com:spec.containers[*].image")
        let actions = ImageRegistry.actions(
            rules: try ImageRegistryRules(["quay.io/old": "quay.io/new"]), customPaths: [path])
        #expect(actions.count == 3)
        #expect(actions[2].appliesTo.includedResources == ["prometheuses.monitoring.coreos.com"])
        let prometheus = try object(
            """
            {"apiVersion":"monitoring.coreos.com/v1","kind":"Prometheus","metadata":{"name":"p"},
            "spec":{"containers":[{"image":"quay.io/old/x:1"}],"image":"quay.io/old/y"}}
            """)
        let restored = try await actions[2].restored(prometheus)
        #expect(restored[path: "spec", "containers"] == [["image": "quay.io/new/x:1"]])
        #expect(restored[path: "spec", "image"] == "quay.io/old/y")
        #expect(throws: FieldPathError.self) { try CustomImagePath(parsing: "spec.image") }
        #expect(throws: FieldPathError.self) { try CustomImagePath(parsing: ":spec.image") }
    }
}
