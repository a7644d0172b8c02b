import GodwitModel
import RestoreFixes
import Testing

@Suite struct PodActionTests {
    private let action = PodAction()

    /// As servers give it: `VOLUME` and `MOUNT` are what the admission plugin put in.
    private func pod(volume: String, mount: String) throws -> KubernetesObject {
        try object(
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"spec":{
            "containers":[{"name":"web","image":"nginx","volumeMounts":[{"mountPath":"/data","name":"data"},
            {"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount","name":"\(mount)","readOnly":true}]}],
            "initContainers":[{"name":"init","image":"busybox","volumeMounts":[
            {"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount","name":"\(mount)","readOnly":true}]}],
            "nodeName":"node-1","priority":0,"preemptionPolicy":"PreemptLowerPriority","serviceAccountName":"shop",
            "volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"data"}},\(volume)]},
            "status":{"phase":"Running"}}
            """)
    }

    private let projected = """
        {"name":"kube-api-access-x7k2p","projected":{"defaultMode":420,"sources":[{"serviceAccountToken":
        {"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt"}}]}}
        """

    private func expectClean(_ pod: KubernetesObject) {
        let spec = pod["spec"]
        #expect(spec?["volumes"] == [["name": "data", "persistentVolumeClaim": ["claimName": "data"]]])
        #expect(spec?["containers"]?.array?[0]["volumeMounts"] == [["mountPath": "/data", "name": "data"]])
        #expect(spec?["initContainers"]?.array?[0]["volumeMounts"] == nil)
        #expect(spec?["nodeName"] == nil)
        #expect(spec?["priority"] == nil)
        #expect(spec?["preemptionPolicy"] == "PreemptLowerPriority")
    }

    @Test func removesATokenOf120() async throws {
        let secret = #"{"name":"shop-token-8b6zq","secret":{"defaultMode":420,"secretName":"shop-token-8b6zq"}}"#
        expectClean(try await action.restored(pod(volume: secret, mount: "shop-token-8b6zq")))
    }

    @Test func removesATokenOf130() async throws {
        expectClean(try await action.restored(pod(volume: projected, mount: "kube-api-access-x7k2p")))
    }

    @Test(arguments: [
        #"{"name":"shop-token-config","secret":{"secretName":"shop-token-config"}}"#,
        #"{"name":"other-token-8b6zq","secret":{"secretName":"other-token-8b6zq"}}"#,
        #"{"name":"kube-api-access-mine","emptyDir":{}}"#,
    ])
    func keepsAPersonsVolumes(volume: String) async throws {
        let name = try #require(try object(volume)["name"]?.string)
        let restored = try await action.restored(pod(volume: volume, mount: name))
        #expect(restored[path: "spec", "volumes"]?.array?.count == 2)
        #expect(restored[path: "spec", "containers"]?.array?[0]["volumeMounts"]?.array?.count == 2)
    }

    @Test func warnsOfEphemeralContainers() async throws {
        var debugged = try pod(volume: projected, mount: "kube-api-access-x7k2p")
        debugged[path: "spec", "ephemeralContainers"] = [["name": "debugger", "image": "busybox"]]
        let outcome = try await action.outcome(debugged)
        #expect(outcome.item?[path: "spec", "ephemeralContainers"] == nil)
        #expect(outcome.warnings == ["ephemeral containers cannot be restored and were left out: debugger"])
    }

    @Test func bringsClaimsAndPriorityClassOfTheBackup() async throws {
        var original = try pod(volume: projected, mount: "kube-api-access-x7k2p")
        original[path: "spec", "priorityClassName"] = "high"
        var context = FakeRestoreContext(mapping: ["shop": "copy"])
        let dependencies = PodDependenciesAction()
        #expect(try await dependencies.outcome(original, context).additionalItems.isEmpty)
        let claim = identity("persistentvolumeclaims", "shop", "data")
        let priority = identity("priorityclasses.scheduling.k8s.io", nil, "high")
        context.backup = [claim: KubernetesObject([:]), priority: KubernetesObject([:])]
        #expect(try await dependencies.outcome(original, context).additionalItems == [claim, priority])
        // Pods of a controller are not restored: what makes them brings what they need.
        var deployment = KubernetesObject([
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web", "namespace": "shop"],
        ])
        deployment[path: "spec", "template", "spec"] = original["spec"]
        #expect(try await dependencies.outcome(deployment, context).additionalItems == [claim, priority])
    }
}
