import GodwitModel
import GodwitPluginAPI
import Testing

@testable import RestoreFixes

@Suite struct PersistentVolumeActionsTests {
    private let volumeIdentity = identity("persistentvolumes", nil, "pv-1")

    private func volume(
        _ policy: String = "Retain", namespace: String = "shop", claim: String = "data"
    ) throws -> KubernetesObject {
        try object(
            """
            {"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"pv-1","uid":"u","finalizers":
            ["kubernetes.io/pv-protection"],"annotations":{"pv.kubernetes.io/bound-by-controller":"yes",
            "pv.kubernetes.io/provisioned-by":"ebs.csi.aws.com"}},"spec":{"accessModes":["ReadWriteOnce"],
            "capacity":{"storage":"8Gi"},"claimRef":{"apiVersion":"v1","kind":"PersistentVolumeClaim","name":"\(claim)",
            "namespace":"\(namespace)","resourceVersion":"12","uid":"c"},"persistentVolumeReclaimPolicy":"\(policy)",
            "storageClassName":"gp2","volumeMode":"Filesystem"},"status":{"phase":"Bound"}}
            """)
    }

    private func claim() throws -> KubernetesObject {
        try object(
            """
            {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"shop","annotations":{
            "pv.kubernetes.io/bind-completed":"yes","pv.kubernetes.io/bound-by-controller":"yes",
            "volume.beta.kubernetes.io/storage-provisioner":"ebs.csi.aws.com",
            "volume.kubernetes.io/storage-provisioner":"ebs.csi.aws.com","volume.kubernetes.io/selected-node":"node-1"}},
            "spec":{"accessModes":["ReadWriteOnce"],"dataSource":{"kind":"VolumeSnapshot","name":"s"},
            "dataSourceRef":{"kind":"VolumeSnapshot","name":"s"},"resources":{"requests":{"storage":"8Gi"}},
            "selector":{"matchLabels":{"a":"b"}},"storageClassName":"gp2","volumeMode":"Filesystem","volumeName":"pv-1"},
            "status":{"phase":"Bound"}}
            """)
    }

    private func context(
        mapping: [String: String] = [:], backup: KubernetesObject?, cluster: KubernetesObject? = nil
    ) -> FakeRestoreContext {
        var context = FakeRestoreContext(mapping: mapping)
        context.backup[volumeIdentity] = backup
        context.cluster[volumeIdentity] = cluster
        return context
    }

    @Test func unbindsTheVolume() async throws {
        let restored = try await PersistentVolumeAction().restored(volume())
        #expect(restored.name == "pv-1")
        #expect(restored.annotations == ["pv.kubernetes.io/provisioned-by": "ebs.csi.aws.com"])
        #expect(
            restored[path: "spec", "claimRef"] == [
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": "data", "namespace": "shop",
            ])
    }

    @Test func theClaimKeepsItsRestoredVolume() async throws {
        let outcome = try await PersistentVolumeClaimAction().outcome(claim(), context(backup: volume()))
        let restored = try #require(outcome.item)
        #expect(restored[path: "metadata", "annotations"] == nil)
        #expect(restored["spec"] == (try claim()["spec"]))
        #expect(outcome.additionalItems == [volumeIdentity])
    }

    @Test func aDeletableVolumeIsProvisionedAnew() async throws {
        let context = try context(backup: volume("Delete"))
        #expect(try await PersistentVolumeAction().outcome(volume("Delete"), context).isSkipped)
        let outcome = try await PersistentVolumeClaimAction().outcome(claim(), context)
        let spec = outcome.item?["spec"]
        #expect(outcome.additionalItems.isEmpty)
        #expect(
            Set(try #require(spec?.object?.keys)) == ["accessModes", "resources", "storageClassName", "volumeMode"])
    }

    /// The engine passes an existing object through the same fixes and compares.
    @Test func aClaimThatGotItsNewVolumeComparesAsEqual() async throws {
        var context = try context(mapping: ["shop": "copy"], backup: volume("Delete"))
        var existing = try claim()
        existing.namespace = "copy"
        existing[path: "spec", "volumeName"] = "pvc-new"
        existing[path: "spec", "dataSource"] = nil
        existing[path: "spec", "dataSourceRef"] = nil
        existing[path: "spec", "selector"] = nil
        context.cluster[identity("persistentvolumeclaims", "copy", "data")] = existing
        context.cluster[identity("persistentvolumes", nil, "pvc-new")] = try volume("Delete", namespace: "copy")
        let desired = try await PersistentVolumeClaimAction().restored(claim(), context)
        let comparable = try await PersistentVolumeClaimAction().restored(existing, context)
        #expect(desired[path: "spec", "volumeName"] == "pvc-new")
        #expect(desired["spec"] == comparable["spec"])
    }

    @Test func aDeletableVolumeIsRestoredWhenAsked() async throws {
        let rules = VolumeRules(restoresDeletableVolumes: true)
        let context = try context(backup: volume("Delete"))
        #expect(try await !PersistentVolumeAction(rules: rules).outcome(volume("Delete"), context).isSkipped)
        let restored = try await PersistentVolumeClaimAction(rules: rules).restored(claim(), context)
        #expect(restored[path: "spec", "volumeName"] == "pv-1")
    }

    @Test func volumeAndClaimAgreeOnANewName() async throws {
        let context = try context(mapping: ["shop": "copy"], backup: volume(), cluster: volume())
        let restored = try await PersistentVolumeAction().restored(volume(), context)
        #expect(restored.name.hasPrefix("velero-clone-"))
        #expect(restored.name.count == "velero-clone-".count + 36)
        #expect(restored.annotations["velero.io/original-pv-name"] == "pv-1")
        let outcome = try await PersistentVolumeClaimAction().outcome(claim(), context)
        #expect(outcome.item?[path: "spec", "volumeName"] == .string(restored.name))
        #expect(outcome.additionalItems == [volumeIdentity])
        #expect(try await PersistentVolumeAction().restored(volume(), context).name == restored.name)
    }

    /// The volume may have been restored, under its name, before its claim is looked at; and a restore may run again.
    @Test func aVolumeForTheSameClaimDoesNotTakeTheName() async throws {
        let restoredBefore = try volume(namespace: "copy")
        let context = try context(mapping: ["shop": "copy"], backup: volume(), cluster: restoredBefore)
        #expect(try await PersistentVolumeAction().restored(volume(), context).name == "pv-1")
        let restored = try await PersistentVolumeClaimAction().restored(claim(), context)
        #expect(restored[path: "spec", "volumeName"] == "pv-1")
    }

    @Test func aFreeNameIsKept() async throws {
        let context = try context(mapping: ["shop": "copy"], backup: volume())
        #expect(try await PersistentVolumeAction().restored(volume(), context).name == "pv-1")
        let elsewhere = try self.context(mapping: ["other": "copy"], backup: volume(), cluster: volume())
        #expect(try await PersistentVolumeAction().restored(volume(), elsewhere).name == "pv-1")
    }

    @Test func aVolumeThatIsNotRestoredMustBeFree() async throws {
        func volumeName(_ existing: KubernetesObject?) async throws -> JSONValue? {
            var context = try context(mapping: ["shop": "copy"], backup: volume(), cluster: existing)
            context.filtered = [volumeIdentity]
            return try await PersistentVolumeClaimAction().restored(claim(), context)[path: "spec", "volumeName"]
        }
        #expect(try await volumeName(nil) == nil)
        #expect(try await volumeName(volume()) == nil)
        #expect(try await volumeName(volume(namespace: "copy")) == "pv-1")
        var unclaimed = try volume()
        unclaimed[path: "spec", "claimRef"] = nil
        #expect(try await volumeName(unclaimed) == "pv-1")
    }

    @Test func aClaimWithoutClassKeepsItsSelector() async throws {
        var claim = try claim()
        claim[path: "spec", "storageClassName"] = ""
        let restored = try await PersistentVolumeClaimAction().restored(claim)
        #expect(restored[path: "spec", "selector"] != nil)
        #expect(restored[path: "spec", "volumeName"] == nil)
    }

    @Test func anUnboundVolumeStays() async throws {
        var unbound = try volume()
        unbound[path: "spec", "claimRef"] = nil
        unbound.annotations = [:]
        let restored = try await PersistentVolumeAction().restored(
            unbound, context(mapping: ["shop": "copy"], backup: unbound, cluster: unbound))
        #expect(restored == cleaned(unbound))
    }

    /// A storage makes a volume for the PersistentVolume, whatever its reclaim policy; a cluster makes one for the claim.
    @Test(arguments: ["Delete", "Retain"]) func volumesOfSnapshots(policy: String) async throws {
        var context = context(backup: try volume(policy))
        let name = ClaimName(namespace: "shop", name: "data")
        context.snapshots[name] = .ofStorage
        let restored = try await PersistentVolumeAction().outcome(volume(policy), context)
        #expect(restored.item?[path: "spec", "persistentVolumeReclaimPolicy"] == .string(policy))
        var bound = try await PersistentVolumeClaimAction().outcome(claim(), context)
        #expect(bound.item?[path: "spec", "volumeName"] == "pv-1" && bound.additionalItems == [volumeIdentity])
        context.snapshots[name] = .ofClaim
        #expect(try await PersistentVolumeAction().outcome(volume(policy), context).isSkipped)
        bound = try await PersistentVolumeClaimAction().outcome(claim(), context)
        #expect(bound.item?[path: "spec", "volumeName"] == nil && bound.additionalItems.isEmpty)
    }
}
