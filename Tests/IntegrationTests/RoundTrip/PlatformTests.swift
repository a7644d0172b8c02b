import Foundation
import GodwitModel
import ProgramTestKit
import Testing

extension ClusterScoped {
    /// Objects of OpenShift, KubeVirt and Gateway API, through S3 into an API server that has their CRDs.
    @Suite(.serialized, .enabled(if: Testbed.isThere, Testbed.hint))
    struct PlatformTests {
        private static let definitions = [
            "routes.route.openshift.io", "deploymentconfigs.apps.openshift.io", "imagestreams.image.openshift.io",
            "imagestreamtags.image.openshift.io", "builds.build.openshift.io", "buildconfigs.build.openshift.io",
            "securitycontextconstraints.security.openshift.io", "virtualmachines.kubevirt.io",
            "virtualmachineinstances.kubevirt.io", "datavolumes.cdi.kubevirt.io",
            "httproutes.gateway.networking.k8s.io",
        ]

        /// What stands where, after a restore with every option.
        private static let expected: [(resource: String, name: String, path: String, value: JSONValue)] = [
            ("deployments.apps", "web", "spec.replicas", 0),
            ("deployments.apps", "web", "metadata.labels.stage", "test"),
            ("deployments.apps", "web", "metadata.labels.owner", "blue"),
            ("deployments.apps", "web", "metadata.labels.team", .null),
            ("deployments.apps", "web", "metadata.annotations.note", "a, b = c"),
            ("deployments.apps", "web", "spec.template.spec.nodeSelector", ["kubernetes.io/os": "linux"]),
            ("deployments.apps", "web", "spec.template.spec.tolerations", .null),
            ("deployments.apps", "web", "spec.template.spec.priorityClassName", .null),
            ("deployments.apps", "web", "spec.template.spec.serviceAccountName", .null),
            ("cronjobs.batch", "nightly", "spec.suspend", true),
            ("persistentvolumeclaims", "disk", "spec.storageClassName", "fast"),
            ("deploymentconfigs.apps.openshift.io", "old-web", "spec.replicas", 0),
            ("routes.route.openshift.io", "generated", "spec.host", .null),
            ("routes.route.openshift.io", "chosen", "spec.host", "www.apps.new.example.com"),
            ("httproutes.gateway.networking.k8s.io", "web", "spec.hostnames", ["web.apps.new.example.com"]),
            ("virtualmachines.kubevirt.io", "vm", "spec.runStrategy", "Halted"),
            ("virtualmachines.kubevirt.io", "vm", "spec.running", .null),
            ("buildconfigs.build.openshift.io", "web", "spec.output.pushSecret", .null),
        ]

        private func restore(_ site: Site, _ name: String, to namespace: String, _ options: [String]) async throws {
            let run = try await site.godwit(
                ["restore", "create", name, "--from-backup", "b", "--namespace-mappings", "platform:\(namespace)"]
                    + options, on: .destination)
            if run.status != 0 {
                let details = try await site.godwit("restore", "describe", name, "--details")
                try #require(run.status == 0, "\(run)\n\(details)")
            }
        }

        private func get(
            _ site: Site, _ namespace: String, _ resource: String, _ name: String
        ) async throws -> JSONValue {
            try JSONValue(
                parsing: try await site.kubectl(.destination, "get", resource, name, "-n", namespace, "-o", "json"))
        }

        @Test func everyOptionOnAnAPIServer() async throws {
            try await Site.with("platform") { site in
                let manifests = try site.workspace.makeFolder("manifests")
                try FileManager.default.copyItem(
                    atPath: Checkout.path("Tests/IntegrationTests/Fixtures/platform.yaml"),
                    toPath: manifests + "/platform.yaml")
                let backup = try await site.godwit("backup", "create", "b", "--cluster", "dir:\(manifests)")
                try #require(backup.status == 0, "\(backup)")
                let namespaces = ["first", "second"].map { "platform-\($0)-\(Testbed.suffix())" }
                try await ensuring {
                    try await body(site, namespaces)
                } afterwards: {
                    for namespace in namespaces {
                        _ = try? await site.kubectl(.destination, "delete", "namespace", namespace, "--wait=true")
                    }
                    for definition in Self.definitions {
                        _ = try? await site.kubectl(.destination, "delete", "crd", definition, "--wait=false")
                    }
                }
            }
        }

        private func body(_ site: Site, _ namespaces: [String]) async throws {
            let (first, second) = (namespaces[0], namespaces[1])
            try await restore(
                site, "first", to: first,
                [
                    "--storage-class-mappings", "gold:fast", "--image-registry-mappings",
                    "docker.io=mirror.example.com/hub", "--host-mappings", "apps.old.example.com=apps.new.example.com",
                    "--drop-nodeports", "--pvc-node-mappings", "node-1:node-9", "--set-labels", "stage=test",
                    "--rename-labels", "team=owner", "--drop-labels", "old.example.com/*", "--set-annotations",
                    "note=a, b = c", "--drop-annotations", "tool.example.com/*", "--replicas", "0",
                    "--suspend-cronjobs", "--vm-run-strategy", "Halted", "--drop-node-selectors", "disktype",
                    "--drop-tolerations", "dedicated", "--drop-priority-classes", "*", "--drop-service-accounts", "web",
                ])
            for (resource, name, path, value) in Self.expected {
                let object = try await get(site, first, resource, name)
                let found = object[path: path.split(separator: ".").map(String.init)[...]] ?? .null
                #expect(found == value, "\(resource)/\(name) \(path)")
            }
            let service = try await get(site, first, "services", "web")
            let port = service[path: "spec", "ports"]?.array?.first?["nodePort"]?.integer
            #expect(port != nil && port != 30987, "the server chose one of its own")
            let web = try await get(site, first, "deployments.apps", "web")
            let image = web[path: "spec", "template", "spec", "containers"]?.array?.first?["image"]
            #expect(image == "mirror.example.com/hub/library/nginx:1.25")

            // Beside the first, with the port that its user chose; the constraints are there already and get the accounts.
            try await restore(site, "second", to: second, ["--existing-resource-policy", "update"])
            #expect(
                try await get(site, second, "services", "web")[path: "spec", "ports"]?.array?.first?["nodePort"]
                    == 30987)
            let constraints = try await get(
                site, second, "securitycontextconstraints.security.openshift.io", "platform-web")
            #expect(constraints["users"] == .array(namespaces.map { .string("system:serviceaccount:\($0):web") }))
            #expect(constraints["groups"] == .array(namespaces.map { .string("system:serviceaccounts:\($0)") }))
            for left in ["builds.build.openshift.io", "virtualmachineinstances.kubevirt.io"] {
                let listed = try await site.kubectl(.destination, "get", left, "-n", second, "-o", "name")
                #expect(listed.isEmpty, "\(listed)")
            }
        }
    }
}
