import BackupActions
import GodwitModel
import GodwitPluginAPI
import ImageRegistry
import NamespaceMapping
import OpenShift
import SecurityContextConstraints
import Testing

@Suite struct OpenShiftTests {
    private func after(
        _ object: KubernetesObject, _ context: FakeRestoreContext = FakeRestoreContext()
    ) async throws -> RestoreItemOutcome {
        var item = cleaned(object)
        var warnings: [String] = []
        for action in OpenShiftFixes.all() where action.appliesTo.includedResources.contains(resource(of: object)) {
            switch try await action.execute(item, original: object, context: context) {
            case .skip(let reason): return .skip(reason: reason)
            case .restore(let changed, _, let more):
                item = changed
                warnings += more
            }
        }
        return .restore(item, warnings: warnings)
    }

    private func resource(of object: KubernetesObject) -> String {
        let group = GroupVersion(apiVersion: object.apiVersion).group
        return GroupResource(group: group, resource: object.kind.lowercased() + "s").description
    }

    @Test func aGeneratedHostIsLeftToTheCluster() async throws {
        #expect(try await after(try Samples.named("route")).item?[path: "spec", "host"] == nil)
        let chosen = try Samples.named("chosenroute")
        #expect(try await after(chosen).item == cleaned(chosen))
    }

    @Test(arguments: [
        (
            #"{"apiVersion":"build.openshift.io/v1","kind":"Build","metadata":{"name":"web-1","namespace":"shop"}}"#,
            "it is a run of a build; its BuildConfig starts new ones"
        ),
        (
            """
            {"apiVersion":"template.openshift.io/v1","kind":"TemplateInstance","metadata":{"name":"web","namespace":"shop"},
            "spec":{"template":{"objects":[]}},"status":{"conditions":[{"type":"Ready","status":"True"}]}}
            """, "its template would be instantiated again; the objects that it made are restored by themselves"
        ),
        (
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1-build","namespace":"shop","annotations":
            {"openshift.io/build.name":"web-1"}}}
            """, "it is the pod of build 'web-1'"
        ),
        (
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1-deploy","namespace":"shop","labels":
            {"openshift.io/deployer-pod-for.name":"web-1"}}}
            """, "it is the pod that rolled out 'web-1'"
        ),
        (
            """
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web-1-sys-config","namespace":"shop",
            "ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"web-1-build","uid":"u"}]}}
            """, "it was made for 'web-1-build', the pod of a build"
        ),
        (
            #"{"apiVersion":"image.openshift.io/v1","kind":"ImageTag","metadata":{"name":"web:1","namespace":"shop"}}"#,
            "its image stream brings its tags"
        ),
        (
            """
            {"apiVersion":"authorization.openshift.io/v1","kind":"RoleBinding","metadata":{"name":"system:deployers",
            "namespace":"shop"}}
            """, "every project gets its own"
        ),
        (
            """
            {"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/dockercfg","metadata":{"name":"default-dockercfg-x2x2x",
            "namespace":"shop","annotations":{"kubernetes.io/service-account.name":"default"}}}
            """, "it is the generated pull secret of service account 'default'"
        ),
        (
            """
            {"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/tls","metadata":{"name":"serving","namespace":"shop",
            "annotations":{"service.beta.openshift.io/originating-service-name":"web"}}}
            """, "the cluster signs a new certificate for service 'web'"
        ),
        (
            """
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"openshift-service-ca.crt","namespace":"shop"},
            "data":{"service-ca.crt":"x"}}
            """, "every cluster publishes its own"
        ),
    ])
    func whatTheClusterMakesAgainIsLeftOut(json: String, reason: String) async throws {
        #expect(try await after(try object(json)) == .skip(reason: reason))
    }

    /// Pods that mount them would never start.
    @Test(arguments: [
        (
            """
            {"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/tls","metadata":{"name":"serving","namespace":"shop",
            "annotations":{"service.beta.openshift.io/originating-service-name":"web"}}}
            """,
            "the old cluster signed this certificate for service 'web'; this one signs none, so replace it before it expires"
        ),
        (
            """
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"openshift-service-ca.crt","namespace":"shop"}}
            """, "it holds the service CA of the old cluster; this one has none that would publish its own"
        ),
    ])
    func withoutAServiceCATheOldCertificatesAreRestored(json: String, warning: String) async throws {
        let item = try object(json)
        var context = FakeRestoreContext()
        context.versions = []
        #expect(try await after(item, context) == .restore(cleaned(item), warnings: [warning]))
        // That the restore has brought the definition of the constraints makes no OpenShift.
        context.served = [GroupResource(parsing: "securitycontextconstraints.security.openshift.io")]
        let definition = identity(
            "customresourcedefinitions.apiextensions.k8s.io", nil, "securitycontextconstraints.security.openshift.io")
        #expect(try await after(item, context).isSkipped)
        context.backup[definition] = item
        #expect(try await after(item, context) == .restore(cleaned(item), warnings: [warning]))
        context.served.insert(GroupResource(parsing: "projects.project.openshift.io"))
        #expect(try await after(item, context).isSkipped)
    }

    @Test(arguments: [
        #"{"apiVersion":"authorization.openshift.io/v1","kind":"RoleBinding","metadata":{"name":"admins","namespace":"n"}}"#,
        """
        {"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/dockercfg","metadata":{"name":"default-dockercfg-mine",
        "namespace":"n","annotations":{"kubernetes.io/service-account.name":"default"}}}
        """,
        """
        {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web-1-ca","namespace":"n","ownerReferences":
        [{"apiVersion":"v1","kind":"Widget","name":"web-1-build","uid":"u"}]}}
        """,
    ])
    func whatOnlyLooksLikeItStays(json: String) async throws {
        let item = try object(json)
        #expect(try await after(item) == .restore(cleaned(item)))
    }

    @Test func theControllersOfADeploymentConfigComeWithIt() async throws {
        var controller = try Samples.named("replicationcontroller")
        controller[path: "metadata", "ownerReferences"] = [
            ["apiVersion": "apps.openshift.io/v1", "kind": "DeploymentConfig", "name": "web", "uid": "u"]
        ]
        // Alone it is all there is.
        #expect(try await after(controller).item == cleaned(controller))
        var context = FakeRestoreContext()
        context.backup[identity("deploymentconfigs.apps.openshift.io", "shop", "web")] = controller
        #expect(
            try await after(controller, context)
                == .skip(reason: "its DeploymentConfig 'web' is restored and makes one of its own"))
        // Nor does a cluster that is no OpenShift make one.
        context.versions = []
        #expect(try await after(controller, context).item == cleaned(controller))
    }

    @Test func anImageStreamIsImportedAnew() async throws {
        let outcome = try await after(try Samples.named("imagestream"))
        #expect(outcome.item?[path: "metadata", "annotations"] == nil)
        #expect(
            outcome.warnings == [
                "images are not part of a backup: build or push latest anew, or copy what the old cluster's registry has"
            ])
    }

    private func tag(_ tag: String, image: String) throws -> KubernetesObject {
        try object(
            """
            {"apiVersion":"image.openshift.io/v1","kind":"ImageStreamTag","metadata":{"name":"web:1","namespace":"shop"},
            "tag":\(tag),"image":{"dockerImageReference":"\(image)"}}
            """)
    }

    @Test func aTagThatStandsForItselfIsRestored() async throws {
        let local = "image-registry.openshift-image-registry.svc:5000/shop/web@sha256:cd"
        let reference = try tag(#"{"name":"1","from":{"kind":"ImageStreamTag","name":"a:b"}}"#, image: local)
        let external = try tag("null", image: "quay.io/shop/web@sha256:cd")
        let pushed = try tag("null", image: local)
        for item in [reference, external] { #expect(try await after(item).item == cleaned(item)) }
        #expect(try await after(pushed) == .skip(reason: "its image is in the old cluster's own registry"))
        var context = FakeRestoreContext()
        context.backup[identity("imagestreams.image.openshift.io", "shop", "web")] = reference
        for item in [reference, external, pushed] {
            #expect(
                try await after(item, context)
                    == .skip(reason: "image stream 'web' is restored and brings its tags"))
        }
    }

    @Test func generatedPullSecretsAreNoLongerNamed() async throws {
        let account = try #require(try await after(try Samples.named("serviceaccount")).item)
        #expect(account["secrets"] == [["name": "mine"]] && account["imagePullSecrets"] == [["name": "registry"]])
        #expect(account[path: "metadata", "annotations"] == nil)
        let build = try #require(try await after(try Samples.named("buildconfig")).item)
        #expect(build[path: "spec", "output", "pushSecret"] == nil)
        #expect(build[path: "spec", "strategy", "sourceStrategy", "pullSecret"] == ["name": "mine"])
    }

    @Test func imagesOfTheOwnRegistryMoveWithTheirNamespace() async throws {
        let context = FakeRestoreContext(mapping: ["shop": "shop2"])
        let config = try await InternalRegistryAction().restored(try Samples.named("deploymentconfig"), context)
        let registry = "image-registry.openshift-image-registry.svc:5000"
        let spec = config[path: "spec", "template", "spec"]
        #expect(spec?["initContainers"]?.array?.first?["image"] == .string("\(registry)/shop2/init@sha256:ab"))
        #expect(spec?["containers"]?.array?.first?["image"] == "nginx:1.25")
        let trigger = config[path: "spec", "triggers"]?.array?.last?["imageChangeParams"]
        #expect(trigger?["lastTriggeredImage"] == .string("\(registry)/shop2/web@sha256:cd"))
        // The namespace mapping does the rest.
        let mapped = NamespaceMapping(mapping: ["shop": "shop2"]).mapped(config)
        let from = mapped[path: "spec", "triggers"]?.array?.last?[path: "imageChangeParams", "from", "namespace"]
        #expect(from == "shop2")
    }

    @Test func imageRulesReachTriggersStreamsAndBuilds() async throws {
        let rules = try ImageRegistryRules([
            "docker.io": "mirror.example.com/hub",
            "image-registry.openshift-image-registry.svc:5000/shop": "registry.example.com/shop",
        ])
        var restored: [String: KubernetesObject] = [:]
        for name in ["imagestream", "deploymentconfig", "buildconfig"] {
            var item = cleaned(try Samples.named(name))
            for action in ImageRegistry.actions(rules: rules) {
                item = try #require(
                    try await action.execute(item, original: item, context: FakeRestoreContext()).item)
            }
            restored[name] = item
        }
        let tags = restored["imagestream"]?[path: "spec", "tags"]?.array
        #expect(tags?.first?[path: "from", "name"] == "mirror.example.com/hub/library/nginx:1.25")
        #expect(tags?.last?[path: "from", "name"] == "web:base", "the name of a stream is no image")
        let trigger = restored["deploymentconfig"]?[path: "spec", "triggers"]?.array?.last
        #expect(trigger?[path: "imageChangeParams", "lastTriggeredImage"] == "registry.example.com/shop/web@sha256:cd")
        let build = try #require(restored["buildconfig"])
        #expect(build[path: "spec", "output", "to", "name"] == "mirror.example.com/hub/shop/web:latest")
        #expect(build[path: "spec", "strategy", "sourceStrategy", "from", "name"] == "nodejs:18")
        #expect(
            build[path: "spec", "triggers"]?.array?.first?[path: "imageChange", "lastTriggeredImageID"]
                == "registry.example.com/shop/node@sha256:ab")
    }

    @Test func anAutoscalerOfOpenShift3FindsItsTarget() async throws {
        let scaler = try await ScaleTargetAction().restored(try Samples.named("autoscaler"))
        #expect(scaler[path: "spec", "scaleTargetRef", "apiVersion"] == "apps.openshift.io/v1")
    }

    @Test func constraintsOfTheClusterGetTheRestoredAccounts() async throws {
        let stored = try Samples.named("scc")
        var context = FakeRestoreContext(mapping: ["shop": "shop2"])
        context.restore.spec.existingResourcePolicy = .update
        let action = SecurityContextConstraints()
        // Where there are none, they come as they are.
        #expect(try await action.restored(stored, context) == cleaned(stored))
        var existing = stored
        existing["allowPrivilegedContainer"] = false
        existing["users"] = ["operator"]
        existing["groups"] = nil
        existing[path: "metadata", "uid"] = "u"
        context.cluster[identity("securitycontextconstraints.security.openshift.io", nil, "web-scc")] = existing
        // Nothing of it is restored, so nothing changes.
        var expected = cleaned(existing)
        #expect(try await action.outcome(stored, context) == .restore(expected))
        context.backup[identity("serviceaccounts", "shop", "web")] = stored
        context.backup[identity("namespaces", nil, "shop")] = stored
        expected["users"] = ["operator", "system:serviceaccount:shop2:web"]
        expected["groups"] = ["system:serviceaccounts:shop2"]
        #expect(try await action.outcome(stored, context) == .restore(expected))
        for policy in [ExistingResourcePolicy.none, .fail] {
            context.restore.spec.existingResourcePolicy = policy
            #expect(
                try await action.outcome(stored, context).warnings == [
                    "the cluster's do not name system:serviceaccount:shop2:web, system:serviceaccounts:shop2; "
                        + "--existing-resource-policy update adds them and leaves the rest"
                ])
        }
    }

    @Test func aServiceAccountBringsItsConstraints() async throws {
        let constraints = try Samples.named("scc")
        let action = ServiceAccountBackupAction { [constraints] in [constraints] }
        let backup = Backup(name: "b", spec: BackupSpec())
        let scc = identity("securitycontextconstraints.security.openshift.io", nil, "web-scc")
        for (namespace, name, expected) in [("shop", "web", [scc]), ("shop", "other", [scc]), ("else", "web", [])] {
            let account = KubernetesObject([
                "kind": "ServiceAccount", "metadata": ["name": .string(name), "namespace": .string(namespace)],
            ])
            #expect(try await action.execute(account, backup: backup).additionalItems == expected)
        }
    }
}
