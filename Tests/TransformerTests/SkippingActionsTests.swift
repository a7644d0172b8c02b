import GodwitModel
import GodwitPluginAPI
import RestoreFixes
import Testing

@Suite struct SkippingActionsTests {
    @Test func mirrorPods() async throws {
        let mirror = try object(
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"kube-apiserver-node-1","annotations":
            {"kubernetes.io/config.mirror":"4d2"},"ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"node-1",
            "uid":"u","controller":true}]}}
            """)
        #expect(try await MirrorPodAction().outcome(mirror).isSkipped)
        var plain = mirror
        plain.annotations = [:]
        #expect(try await !MirrorPodAction().outcome(plain).isSkipped)
    }

    @Test(arguments: [("Running", false), ("Pending", false), ("Succeeded", true), ("Failed", true)])
    func finishedPods(phase: String, isSkipped: Bool) async throws {
        let pod = try object(
            #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"status":{"phase":"\#(phase)"}}"#)
        #expect(try await FinishedItemAction().outcome(pod).isSkipped == isSkipped)
    }

    @Test(arguments: [
        (#"{"completionTime":"2024-05-01T10:00:00Z","succeeded":1}"#, true), (#"{"completionTime":""}"#, false),
        (#"{"active":1,"startTime":"2024-05-01T10:00:00Z"}"#, false), ("{}", false),
    ])
    func finishedJobs(status: String, isSkipped: Bool) async throws {
        let job = try object(#"{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"status":\#(status)}"#)
        #expect(try await FinishedItemAction().outcome(job).isSkipped == isSkipped)
    }

    @Test(arguments: [("kube-root-ca.crt", true), ("openshift-service-ca.crt", false), ("kube-root-ca", false)])
    func publishedCertificates(name: String, isSkipped: Bool) async throws {
        let map = try object(
            #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\#(name)","namespace":"shop"},"data":{}}"#)
        #expect(try await PublishedCertificateAction().outcome(map).isSkipped == isSkipped)
    }

    @Test func statusInAnnotationsOfAutoscalers() async throws {
        let scaler = try object(
            """
            {"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"web","annotations":
            {"autoscaling.alpha.kubernetes.io/conditions":"[]","team":"shop"}},"spec":{"maxReplicas":3}}
            """)
        let outcome = try await HorizontalPodAutoscalerAction().outcome(scaler)
        guard case .restore(let restored, _, _) = outcome else {
            Issue.record("left out")
            return
        }
        #expect(restored.annotations == ["team": "shop"])
    }

    @Test func autoManagedAPIServices() async throws {
        let service = try object(
            """
            {"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1.apps","labels":
            {"kube-aggregator.kubernetes.io/automanaged":"onstart"}},"spec":{"group":"apps","version":"v1"}}
            """)
        #expect(try await AutoManagedAction().outcome(service).isSkipped)
        #expect(AutoManagedAction().appliesTo.labelSelector?.matches(service.labels) == true)
        #expect(AutoManagedAction().appliesTo.labelSelector?.matches([:]) == false)
    }

    private func owned(
        _ kind: String, by owner: String, _ apiVersion: String, isController: Bool = true, annotation: String? = nil
    ) throws -> KubernetesObject {
        var owned = KubernetesObject([
            "apiVersion": "v1", "kind": .string(kind),
            "metadata": [
                "name": "x", "namespace": "shop",
                "ownerReferences": [
                    [
                        "apiVersion": .string(apiVersion), "kind": .string(owner), "name": "web", "uid": "u",
                        "controller": .bool(isController),
                    ]
                ],
            ],
        ])
        if let annotation { owned.annotations = [annotation: "data"] }
        return owned
    }

    private var context: FakeRestoreContext {
        var context = FakeRestoreContext()
        for resource in [
            "replicasets.apps", "deployments.apps", "statefulsets.apps", "jobs.batch", "services", "pods",
            "endpoints", "clusters.postgresql.cnpg.io",
        ] { context.backup[identity(resource, "shop", "web")] = KubernetesObject([:]) }
        return context
    }

    @Test func controlledItems() async throws {
        let action = ControlledItemAction()
        for skipped in [
            try owned("Pod", by: "ReplicaSet", "apps/v1"), try owned("Pod", by: "StatefulSet", "apps/v1"),
            try owned("Pod", by: "Job", "batch/v1"), try owned("EndpointSlice", by: "Service", "v1"),
            try owned("EndpointSlice", by: "Endpoints", "v1"),
            try owned("PersistentVolumeClaim", by: "Pod", "v1"),
            // Its volume is filled without it.
            try owned("Pod", by: "ReplicaSet", "apps/v1", annotation: "backup.velero.io/backup-volumes"),
        ] { #expect(try await action.outcome(skipped, context).isSkipped) }
        for restored in [
            // The owner is not in the backup.
            try owned("Pod", by: "DaemonSet", "apps/v1"),
            // History, and what an operator owns.
            try owned("ReplicaSet", by: "Deployment", "apps/v1"),
            try owned("Secret", by: "Cluster", "postgresql.cnpg.io/v1"),
            try owned("PersistentVolumeClaim", by: "Cluster", "postgresql.cnpg.io/v1"),
            // Not the controller, or a kind of another group.
            try owned("Pod", by: "ReplicaSet", "apps/v1", isController: false),
            try owned("Pod", by: "Job", "batch.volcano.sh/v1"),
        ] { #expect(try await !action.outcome(restored, context).isSkipped) }
        var filtered = context
        filtered.filtered = [identity("replicasets.apps", "shop", "web")]
        #expect(try await !action.outcome(owned("Pod", by: "ReplicaSet", "apps/v1"), filtered).isSkipped)
    }
}

extension SkippingActionsTests {
    @Test(arguments: [
        (
            #"{"kind":"VolumeSnapshot","metadata":{"name":"s","annotations":{"velero.io/csi-volumesnapshot-handle":"h"}}}"#,
            true
        ),
        (
            #"{"kind":"VolumeSnapshot","metadata":{"name":"s"},"spec":{"source":{"persistentVolumeClaimName":"c"}}}"#,
            false
        ),
        (#"{"kind":"VolumeSnapshotContent","metadata":{"name":"c"},"spec":{"source":{"volumeHandle":"v"}}}"#, true),
        (#"{"kind":"VolumeSnapshotContent","metadata":{"name":"c"},"spec":{"source":{"snapshotHandle":"h"}}}"#, false),
    ])
    func snapshotsThatWouldBeTakenAnew(json: String, isSkipped: Bool) async throws {
        #expect(try await VolumeSnapshotAction().outcome(try object(json)).isSkipped == isSkipped)
    }
}
