import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// Every option that changes objects, through the program, on objects of Kubernetes, OpenShift and KubeVirt.
@Suite struct TransformerOptionTests {
    /// A store with a backup `b` of the fixture.
    private func platform(_ workspace: Workspace, with more: String = "") async throws -> String {
        let manifests = try workspace.makeFolder("manifests")
        try FileManager.default.copyItem(
            atPath: Checkout.path("Tests/IntegrationTests/Fixtures/platform.yaml"), toPath: manifests + "/platform.yaml"
        )
        let storage = "file://\(try workspace.makeFolder("store"))"
        let run = try await workspace.godwit(
            "backup", "create", "b", "--cluster", "dir:\(manifests)", "--storage", storage)
        try #require(run.status == 0, "\(run)")
        return storage
    }

    private func restore(
        _ workspace: Workspace, _ storage: String, to folder: String, _ options: [String]
    ) async throws -> ProgramResult {
        try await workspace.godwit(
            [
                "restore", "create", folder, "--from-backup", "b", "--storage", storage, "--cluster",
                "dir:\(workspace.path(folder))",
            ] + options)
    }

    /// The restored objects by `kind/name`.
    private func objects(
        _ workspace: Workspace, _ folder: String, of cluster: String? = nil
    ) async throws -> [String: KubernetesObject] {
        let storage = "file://\(try workspace.makeFolder("look-\(folder)"))"
        let cluster = "dir:\(workspace.path(cluster ?? folder))"
        let run = try await workspace.godwit("backup", "create", "look", "--cluster", cluster, "--storage", storage)
        try #require(run.status == 0, "\(run)")
        let target = workspace.path("look-\(folder).tar.zst")
        let export = try await workspace.bash(
            "mkdir '\(target).d' && tar -xf '\(workspace.path("look-\(folder)"))/backups/look/look.tar.zst' -C '\(target).d'"
        )
        try #require(export.status == 0, "\(export)")
        var objects: [String: KubernetesObject] = [:]
        for path in Workspace.files(below: target + ".d") where path.hasSuffix(".json") {
            let data = try #require(FileManager.default.contents(atPath: "\(target).d/\(path)"))
            let object = try KubernetesObject(parsing: Array(data))
            objects["\(object.kind)/\(object.name)"] = object
        }
        return objects
    }

    private static let options = [
        "--namespace-mappings", "platform:target", "--storage-class-mappings", "gold:fast",
        "--image-registry-mappings", "docker.io=mirror.example.com/hub", "--host-mappings",
        "apps.old.example.com=apps.new.example.com", "--drop-nodeports", "--pvc-node-mappings", "node-1:node-9",
        "--set-labels", "stage=test,empty=", "--rename-labels", "team=example.com/team", "--drop-labels",
        "old.example.com/*", "--set-annotations", "example.com/note=a, b = c", "--rename-annotations",
        "example.com/contact=example.com/owner", "--drop-annotations", "tool.example.com/*", "--replicas", "0",
        "--suspend-cronjobs", "--vm-run-strategy", "Halted", "--drop-node-selectors", "disktype", "--drop-tolerations",
        "dedicated", "--drop-priority-classes", "old-cluster-*", "--drop-service-accounts", "web",
    ]

    @Test func everyOptionAtOnce() async throws {
        let workspace = try Workspace()
        let storage = try await platform(workspace)
        let run = try await restore(workspace, storage, to: "out", Self.options)
        #expect(run.status == 0, "\(run)")
        let restored = try await objects(workspace, "out")

        let web = try #require(restored["Deployment/web"])
        #expect(web.namespace == "target" && web[path: "spec", "replicas"] == 0)
        var labels = web.labels
        for key in ["velero.io/backup-name", "velero.io/restore-name"] { labels[key] = nil }
        #expect(labels == ["app": "web", "example.com/team": "blue", "stage": "test", "empty": ""])
        #expect(
            web.annotations == [
                "example.com/owner": "blue", "example.com/note": "a, b = c", "godwit.io/original-replicas": "3",
                "godwit.io/set-replicas": "0",
            ])
        let expected: JSONValue = [
            "nodeSelector": ["kubernetes.io/os": "linux"],
            "containers": [["name": "web", "image": "mirror.example.com/hub/library/nginx:1.25"]],
        ]
        #expect(web[path: "spec", "template", "spec"] == expected)
        #expect(web[path: "spec", "template", "metadata", "labels"] == ["app": "web", "team": "blue"])
        #expect(restored["CronJob/nightly"]?[path: "spec", "suspend"] == true)
        #expect(restored["Service/web"]?[path: "spec", "ports"] == [["name": "http", "port": 80]])
        let claim = try #require(restored["PersistentVolumeClaim/disk"])
        #expect(claim[path: "spec", "storageClassName"] == "fast")
        #expect(claim.annotations["volume.kubernetes.io/selected-node"] == "node-9")
        #expect(claim.annotations["cdi.kubevirt.io/storage.populatedFor"] == "disk")
        let ingress = restored["Ingress/web"]?["spec"]
        #expect(ingress?["rules"]?.array?.first?["host"] == "web.apps.new.example.com")
        #expect(ingress?["tls"]?.array?.first?["hosts"] == ["*.apps.new.example.com"])
        #expect(restored["HTTPRoute/web"]?[path: "spec", "hostnames"] == ["web.apps.new.example.com"])
        try expectPlatform(restored)
    }

    private func expectPlatform(_ restored: [String: KubernetesObject]) throws {
        #expect(restored["Route/generated"]?["spec"] == ["to": ["kind": "Service", "name": "web"]])
        #expect(restored["Route/chosen"]?[path: "spec", "host"] == "www.apps.new.example.com")
        let config = try #require(restored["DeploymentConfig/old-web"])
        #expect(config[path: "spec", "replicas"] == 0)
        #expect(
            config[path: "spec", "triggers"]?.array?.first?["imageChangeParams"] == [
                "from": ["kind": "ImageStreamTag", "name": "web:latest", "namespace": "target"],
                "lastTriggeredImage": "image-registry.openshift-image-registry.svc:5000/target/web@sha256:aa",
            ])
        let stream = try #require(restored["ImageStream/web"])
        #expect(stream.annotations["openshift.io/image.dockerRepositoryCheck"] == nil)
        #expect(
            stream[path: "spec", "tags"]?.array?.first?[path: "from", "name"]
                == "mirror.example.com/hub/library/nginx:1.25")
        let output = restored["BuildConfig/web"]?[path: "spec", "output"]
        #expect(output == ["to": ["kind": "DockerImage", "name": "mirror.example.com/hub/shop/web:latest"]])
        let constraints = try #require(restored["SecurityContextConstraints/platform-web"])
        #expect(constraints["users"] == ["system:serviceaccount:target:web"])
        #expect(constraints["groups"] == ["system:serviceaccounts:target"])
        #expect(restored["ServiceAccount/web"]?["imagePullSecrets"] == [["name": "registry"]])
        let machine = try #require(restored["VirtualMachine/vm"])
        #expect(machine[path: "spec", "runStrategy"] == "Halted" && machine[path: "spec", "running"] == nil)
        #expect(machine[path: "spec", "template", "spec", "nodeSelector"] == nil)
        #expect(restored["DataVolume/disk"]?.annotations["cdi.kubevirt.io/storage.prePopulated"] == "disk")
        for left in [
            "Build/web-1", "ImageStreamTag/web:base", "Secret/web-dockercfg-x2x2x", "VirtualMachineInstance/vm",
        ] {
            #expect(restored[left] == nil, "\(left)")
        }
    }

    @Test func withoutOptionsOnlyTheFixesAct() async throws {
        let workspace = try Workspace()
        let storage = try await platform(workspace)
        let run = try await restore(workspace, storage, to: "out", [])
        #expect(run.status == 0, "\(run)")
        #expect(run.errors.contains("build or push latest anew"), "\(run)")
        let restored = try await objects(workspace, "out")
        let original = try await objects(workspace, "manifests")
        for name in [
            "Deployment/web", "CronJob/nightly", "Ingress/web", "Service/web", "Route/chosen", "VirtualMachine/vm",
        ] {
            #expect(try #require(restored[name])["spec"] == original[name]?["spec"], "\(name)")
        }
        #expect(restored["DeploymentConfig/old-web"]?["spec"] == original["DeploymentConfig/old-web"]?["spec"])
    }

    @Test func whatWasPutAsideIsPutBack() async throws {
        let workspace = try Workspace()
        let storage = try await platform(workspace)
        #expect(
            try await restore(
                workspace, storage, to: "out",
                ["--replicas", "0", "--suspend-cronjobs", "--vm-run-strategy", "Halted"]
            ).status == 0)
        #expect(try await objects(workspace, "out")["VirtualMachine/vm"]?[path: "spec", "runStrategy"] == "Halted")
        let second = try await workspace.godwit(
            "backup", "create", "b2", "--cluster", "dir:\(workspace.path("out"))", "--storage", storage)
        #expect(second.status == 0, "\(second)")
        let run = try await workspace.godwit(
            "restore", "create", "r2", "--from-backup", "b2", "--storage", storage, "--cluster",
            "dir:\(workspace.path("out"))", "--replicas", "original", "--suspend-cronjobs", "original",
            "--vm-run-strategy", "original", "--existing-resource-policy", "update")
        #expect(run.status == 0, "\(run)")
        let record = try await workspace.godwit("restore", "describe", "r2", "--storage", storage, "-o", "json")
        #expect(try JSONValue(parsing: record.output)[path: "spec", "changes", "vm-run-strategy"] == "original")
        let restored = try await objects(workspace, "again", of: "out")
        let machine = try #require(restored["VirtualMachine/vm"])
        #expect(machine[path: "spec", "runStrategy"] == "Always")
        #expect(machine.annotations["godwit.io/original-run-strategy"] == nil)
        #expect(restored["Deployment/web"]?[path: "spec", "replicas"] == 3)
        #expect(restored["DeploymentConfig/old-web"]?[path: "spec", "replicas"] == 2)
        #expect(restored["CronJob/nightly"]?[path: "spec", "suspend"] == false)
    }

    /// The rules name images as the backup has them, with the old namespace.
    @Test func imageRulesComeBeforeTheNamespacesOfTheOwnRegistry() async throws {
        let workspace = try Workspace()
        let storage = try await platform(workspace)
        let run = try await restore(
            workspace, storage, to: "out",
            [
                "--namespace-mappings", "platform:target", "--image-registry-mappings",
                "image-registry.openshift-image-registry.svc:5000/platform=registry.example.com/platform",
            ])
        #expect(run.status == 0, "\(run)")
        let config = try await objects(workspace, "out")["DeploymentConfig/old-web"]
        #expect(
            config?[path: "spec", "triggers"]?.array?.first?[path: "imageChangeParams", "lastTriggeredImage"]
                == "registry.example.com/platform/web@sha256:aa")
    }

    /// What a transformer writes is not what the rules are for.
    @Test func whatIsWrittenOutlivesTheRulesForAnnotations() async throws {
        let workspace = try Workspace()
        let storage = try await platform(workspace)
        let run = try await restore(
            workspace, storage, to: "out",
            ["--drop-annotations", "*", "--pvc-node-mappings", "node-1:node-9", "--replicas", "0"])
        #expect(run.status == 0, "\(run)")
        let restored = try await objects(workspace, "out")
        #expect(
            restored["PersistentVolumeClaim/disk"]?.annotations == ["volume.kubernetes.io/selected-node": "node-9"])
        #expect(
            restored["Deployment/web"]?.annotations == [
                "godwit.io/original-replicas": "3", "godwit.io/set-replicas": "0",
            ])
    }

    @Test func theChoicesAreRecordedAndShown() async throws {
        let workspace = try Workspace()
        let storage = try await platform(workspace)
        let run = try await restore(workspace, storage, to: "out", Self.options + ["--preserve-nodeports=false"])
        #expect(run.status == 0, "\(run)")
        let json = try await workspace.godwit("restore", "describe", "out", "--storage", storage, "-o", "json")
        let changes = try JSONValue(parsing: json.output)[path: "spec", "changes"]
        #expect(
            changes == [
                "storage-class-mappings": "gold=fast", "image-registry-mappings": "docker.io=mirror.example.com/hub",
                "host-mappings": "apps.old.example.com=apps.new.example.com", "drop-nodeports": "true",
                "pvc-node-mappings": "node-1=node-9", "set-labels": "stage=test,empty=",
                "rename-labels": "team=example.com/team", "drop-labels": "old.example.com/*",
                "set-annotations": "example.com/note=a, b = c",
                "rename-annotations": "example.com/contact=example.com/owner",
                "drop-annotations": "tool.example.com/*", "replicas": "0", "suspend-cronjobs": "true",
                "vm-run-strategy": "Halted", "drop-node-selectors": "disktype", "drop-tolerations": "dedicated",
                "drop-priority-classes": "old-cluster-*", "drop-service-accounts": "web",
            ])
        let sheet = try await workspace.godwit("restore", "describe", "out", "--storage", storage)
        #expect(sheet.output.contains("replicas 0") && sheet.output.contains("host-mappings apps.old"), "\(sheet)")
    }

    private func configMap(_ name: String, _ plugin: String, _ data: String) -> String {
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: \(name)
          namespace: velero
          labels: {velero.io/plugin-config: "", velero.io/\(plugin): RestoreItemAction}
        data: \(data)
        ---

        """
    }

    @Test func velerosConfigMapsAreReadWhenAskedFor() async throws {
        let workspace = try Workspace()
        let storage = try await platform(workspace)
        let maps =
            configMap("classes", "change-storage-class", "{gold: slow}")
            + configMap("nodes", "change-pvc-node-selector", "{node-1: node-7}")
            + configMap("images", "change-image-name", #"{a: "docker.io/library,quay.io/shop"}"#)
        for folder in ["out", "without", "twice"] {
            let text = folder == "twice" ? maps + configMap("more", "change-storage-class", "{}") : maps
            try workspace.write(
                text, to: "\(try workspace.makeFolder(folder).split(separator: "/").last ?? "")/velero.yaml")
        }
        let run = try await restore(
            workspace, storage, to: "out",
            ["--plugin-config-namespace", "velero", "--storage-class-mappings", "gold:fast"])
        #expect(run.status == 0, "\(run)")
        let restored = try await objects(workspace, "out")
        let claim = try #require(restored["PersistentVolumeClaim/disk"])
        #expect(claim[path: "spec", "storageClassName"] == "fast", "the option counts")
        #expect(claim.annotations["volume.kubernetes.io/selected-node"] == "node-7")
        let web = restored["Deployment/web"]?[path: "spec", "template", "spec", "containers"]?.array?.first
        #expect(web?["image"] == "quay.io/shop/nginx:1.25")

        let missing = try await restore(
            workspace, storage, to: "without", ["--plugin-config-namespace", "velro"])
        #expect(missing.status == 2, "\(missing)")
        #expect(
            missing.errors.contains(
                "namespace 'velro' has no ConfigMap with the labels velero.io/plugin-config and "
                    + "velero.io/change-storage-class, velero.io/change-pvc-node-selector or velero.io/change-image-name"
            ),
            "\(missing)")
        #expect(try await restore(workspace, storage, to: "without", []).status == 0)
        #expect(
            try await objects(workspace, "without")["PersistentVolumeClaim/disk"]?[path: "spec", "storageClassName"]
                == "gold")

        let twice = try await restore(workspace, storage, to: "twice", ["--plugin-config-namespace", "velero"])
        #expect(twice.status == 1, "\(twice)")
        #expect(
            twice.errors.contains(
                "the ConfigMap of velero.io/change-storage-class cannot be used: there is more than one: classes, more"),
            "\(twice)")
    }
}
