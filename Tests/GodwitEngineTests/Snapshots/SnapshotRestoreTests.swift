import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import KubernetesClient
import Synchronization
import Testing

@testable import GodwitEngine

/// Volumes that a restore makes of snapshots.
@Suite struct SnapshotRestoreTests {
    private static let claim = ClaimName(namespace: "default", name: "data")
    private static let claimItem = "persistentvolumeclaims/default/data"

    /// A backup of a claim whose volume a storage keeps, and a cluster to restore it into.
    private struct Place {
        let storage = MemorySnapshotter()
        let old: String
        let volume: String
        let snapshot: String
        var rig: RestoreRig

        /// - Parameters:
        ///   - kind: who keeps the snapshot.
        ///   - isClaimed: whether there is a claim.
        ///   - twins: the names of more claims like it.
        init(
            _ kind: SnapshotKind = .ofStorage, isClaimed: Bool = true, twins: [String] = [],
            cluster: FakeCluster = FakeCluster(),
            claims: ClaimSnapshotterFake? = nil
        ) async throws {
            old = storage.makeVolume(holding: "text")
            var object = MemorySnapshotter.persistentVolume(old, claim: claim)
            if !isClaimed { object[path: "spec", "claimRef"] = nil }
            volume = object.name
            snapshot = try await storage.createSnapshot(of: old, zone: nil, tags: [:])
            var objects: [JSONValue] = kind == .ofStorage ? [object.value] : []
            var records: [VolumeRecord] = []
            for name in isClaimed ? ["data"] + twins : [""] {
                let claim = ClaimName(namespace: isClaimed ? "default" : "", name: name)
                var record = VolumeRecord(claim: claim, method: .snapshot, reason: "", phase: .completed)
                record.volume = volume
                record.snapshot = VolumeRecord.StorageSnapshot(provider: "", id: snapshot)
                record.snapshot?.location = "main"
                if kind == .ofClaim { record.snapshot?.driver = "d.example.com" }
                records.append(record)
                guard isClaimed else { continue }
                objects.append(
                    Fixture.object(
                        "v1", "PersistentVolumeClaim", "default", name,
                        ["spec": ["volumeName": .string(volume), "storageClassName": "gold"]]))
            }
            rig = RestoreRig(objects, cluster: cluster)
            rig.timeout = .milliseconds(500)
            var settings = VolumeRestoreSettings(records: records, mover: MoverFake())
            settings.snapshots = SnapshotLocations(
                [SnapshotLocation(name: "main", provider: "example.com/memory", configuration: [:])], claims: claims
            ) { [storage] _ in storage }
            rig.volumes = settings
        }

        var handle: String? {
            rig.cluster["persistentvolumes/\(volume)"]?[path: "spec", "csi", "volumeHandle"]?.string
        }
    }

    /// A cluster that binds each claim when somebody looks at it.
    private static func bindingCluster(_ resources: [APIResource] = FakeResources.builtIn) -> FakeCluster {
        let itself = Mutex<FakeCluster?>(nil)
        let cluster = FakeCluster(resources: resources) { call in
            guard call.verb == "get" else { return }
            itself.withLock { $0 }?.with { state in
                guard call.object.resource == .persistentVolumeClaims else { return }
                state.objects[call.object]?["status"] = ["phase": "Bound"]
            }
        }
        itself.withLock { $0 = cluster }
        return cluster
    }

    @Test func aPersistentVolumeThatIsBeingDeletedIsNoVolume() async throws {
        let place = try await Place(cluster: Self.bindingCluster())
        let cluster = place.rig.cluster
        cluster.seed(MemorySnapshotter.persistentVolume(place.old, claim: Self.claim).value)
        let identity = Fixture.identity("persistentvolumes/\(place.volume)")
        cluster.with { $0.terminate(identity, reads: 4) }
        let result = try await place.rig.run()
        #expect(result.report.errors == 0, "\(result.report)")
        let handle = try #require(place.handle)
        #expect(handle != place.old && place.storage[volume: handle] == "text")
    }

    @Test func aClaimThatIsBeingDeletedIsMadeAnew() async throws {
        let place = try await Place(.ofClaim, cluster: Self.bindingCluster(), claims: ClaimSnapshotterFake())
        let cluster = place.rig.cluster
        cluster.seed(
            Fixture.object(
                "v1", "PersistentVolumeClaim", "default", "data", ["spec": ["volumeName": "pv-old"]]))
        cluster.with { $0.terminate(Fixture.identity(Self.claimItem), reads: 4) }
        let result = try await place.rig.run()
        #expect(result.report.errors == 0, "\(result.report)")
        let claim = try #require(cluster[Self.claimItem])
        #expect(claim[path: "spec", "dataSource", "kind"] == "VolumeSnapshot")
    }

    /// A storage makes its volumes in its own time: that of one passes while others wait for theirs.
    @Test func claimsAreWaitedForTogether() async throws {
        var place = try await Place(
            .ofClaim, twins: ["more", "most"], cluster: Self.bindingCluster(), claims: ClaimSnapshotterFake(meeting: 3))
        place.rig.timeout = .seconds(60)
        let result = try await place.rig.run()
        #expect(result.report.errors == 0, "\(result.report)")
        #expect(result.report.volumes.map(\.claim.name) == ["data", "more", "most"])
        #expect(result.report.volumes.allSatisfy { $0.phase == .completed })
    }

    @Test func aVolumeThatNobodyClaimsIsMadeToo() async throws {
        let place = try await Place(isClaimed: false)
        let result = try await place.rig.run()
        #expect(result.report.errors == 0, "\(result.report)")
        let handle = try #require(place.handle)
        #expect(handle != place.old && place.storage[volume: handle] == "text")
    }

    /// A volume that is made for a PersistentVolume which is not created is named, and nobody waits for it.
    @Test(arguments: ["failed", "skipped"]) func aVolumeWithoutUseIsNamed(action: String) async throws {
        var place = try await Place(
            cluster: FakeCluster { call in
                if action == "failed", call.verb == "create", call.object.resource == .persistentVolumes {
                    throw ClusterError(.invalid, operation: "create", cluster: "fake")
                }
            })
        place.rig.timeout = .seconds(600)
        if action == "skipped" {
            var selector = ResourceSelector()
            selector.includedResources = ["persistentvolumes"]
            place.rig.transformers = [TestAction(appliesTo: selector) { _, _, _ in .skip(reason: "not wanted") }]
        }
        let result = try await place.rig.run()
        #expect(result.action("persistentvolumes/\(place.volume)")?.word == action)
        #expect(result.report.results.warnings.lines.contains { $0.contains("nothing uses it") }, "\(result.report)")
        #expect(result.report.results.errors.lines.contains { $0.contains("has no use") }, "\(result.report)")
    }

    /// A claim is restored when it has its volume, unless it waits for a pod.
    @Test(arguments: ["bound", "pending", "waiting"]) func aClaimIsWaitedFor(how: String) async throws {
        let classes = FakeResources.resource(
            "storage.k8s.io/v1", "storageclasses", "StorageClass", namespaced: false)
        let resources = FakeResources.builtIn + [classes]
        let cluster = how == "bound" ? Self.bindingCluster(resources) : FakeCluster(resources: resources)
        let mode: JSONValue = how == "waiting" ? "WaitForFirstConsumer" : "Immediate"
        cluster.seed(
            Fixture.object("storage.k8s.io/v1", "StorageClass", nil, "gold", ["volumeBindingMode": mode]))
        let place = try await Place(.ofClaim, cluster: cluster, claims: ClaimSnapshotterFake())
        let result = try await place.rig.run()
        let annotations = KubernetesObject(try #require(cluster[Self.claimItem])).annotations
        // The mark of a claim that an interrupted restore has left goes when it has its volume.
        #expect((annotations[ClaimName.unfilledAnnotation] != nil) == (how == "pending"))
        #expect(result.report.results.errors.lines.contains { $0.contains("to be bound") } == (how == "pending"))
        let row = try #require(result.report.volumes.first)
        #expect(row.phase == (how == "pending" ? .failed : .completed))
        #expect(row.reason?.contains("when a pod uses it") == (how == "waiting"))
    }

    /// A claim that was there is no claim to fill, whatever is changed in it.
    @Test(arguments: [ExistingResourcePolicy.update, .replace]) func aClaimThatWasThereKeepsItsVolume(
        policy: ExistingResourcePolicy
    ) async throws {
        let place = try await Place(.ofClaim, cluster: Self.bindingCluster(), claims: ClaimSnapshotterFake())
        var rig = place.rig
        rig.spec.existingResourcePolicy = policy
        rig.cluster.seed(
            Fixture.object(
                "v1", "PersistentVolumeClaim", "default", "data", labels: ["other": "yes"],
                ["spec": ["volumeName": "pv-own", "storageClassName": "gold"]]))
        let result = try await rig.run()
        #expect(result.action(Self.claimItem)?.word == "updated", "\(result.report)")
        #expect(result.report.errors == 0, "\(result.report)")
        #expect(result.report.volumes.first?.reason?.contains("keeps its volume") == true, "\(result.report.volumes)")
        let claim = KubernetesObject(try #require(rig.cluster[Self.claimItem]))
        #expect(claim.annotations[ClaimName.unfilledAnnotation] == nil)
        #expect(claim[path: "spec", "volumeName"] == "pv-own")
    }

    /// Nobody knows whether a claim that cannot be read has its data.
    @Test func aClaimThatCannotBeReadIsAnError() async throws {
        let state = Mutex((isCreated: false, reads: 0))
        let cluster = FakeCluster { call in
            guard call.object.resource == .persistentVolumeClaims else { return }
            let fails = state.withLock { state in
                if call.verb == "create" { state.isCreated = true }
                if call.verb == "get", state.isCreated { state.reads += 1 }
                // The first one tells that it is there.
                return state.reads > 1
            }
            if fails { throw ClusterError(.unavailable, operation: "get", cluster: "fake") }
        }
        let place = try await Place(.ofClaim, cluster: cluster, claims: ClaimSnapshotterFake())
        cluster.seed(
            Fixture.object(
                "v1", "PersistentVolumeClaim", "default", "data",
                ["spec": ["volumeName": "pv-own", "storageClassName": "gold"]]))
        let result = try await place.rig.run()
        #expect(result.report.results.errors.lines.contains { $0.contains("cannot be read") }, "\(result.report)")
    }
}
