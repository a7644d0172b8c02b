import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import Streams
import Tarball
import Testing

@testable import GodwitEngine

/// Snapshots as Velero lists them.
@Suite struct VeleroSnapshotTests {
    /// A backup in Velero's format with lists of Velero's.
    private static func site(_ lists: [String: String]) async throws -> SnapshotSite {
        var site = SnapshotSite()
        site.format = .velero
        site.wanted = false
        site.add("data")
        _ = try await site.backUp("v")
        let files = ArtifactFiles(store: site.store)
        for (name, text) in lists {
            try await site.store.delete(["backups/v/v-\(name).json.gz"])
            _ = try await files.writeCompressed("backups/v/v-\(name).json.gz", Array(text.utf8), with: .gzip())
        }
        return site
    }

    @Test func nativeSnapshots() async throws {
        let list = """
            [{"spec":{"backupName":"v","backupUID":"u","location":"aws-main","persistentVolumeName":"pv-volume-1",
            "providerVolumeID":"vol-1","volumeType":"gp2","volumeAZ":"eu-west-1a","volumeIOPS":0},
            "status":{"providerSnapshotID":"snap-1","phase":"Completed"}},
            {"spec":{"location":"aws-main","persistentVolumeName":"pv-gone"},"status":{"phase":"Failed"}}]
            """
        let info = #"[{"pvName":"pv-volume-1","pvcName":"data","pvcNamespace":"shop","backupMethod":"NativeSnapshot"}]"#
        for infos in [info, "[]"] {
            let site = try await Self.site(["volumesnapshots": list, "volumeinfo": infos])
            let records = try await site.records(of: "v")
            #expect(records.map(\.volume) == ["pv-volume-1", "pv-gone"])
            #expect(records.last?.isClaimed == false && records.last?.phase == .failed)
            let record = try #require(records.first)
            #expect(record.claim == ClaimName(namespace: "shop", name: "data") && record.phase == .completed)
            let snapshot = try #require(record.snapshot)
            #expect(snapshot.kind == .ofStorage && snapshot.id == "snap-1" && snapshot.location == "aws-main")
            #expect(snapshot.zone == "eu-west-1a" && snapshot.info == VolumeInfo(type: "gp2", iops: 0))
        }
    }

    /// Velero also takes snapshots of PersistentVolumes that no claim holds.
    @Test func aVolumeThatNobodyClaimsHasARow() async throws {
        let site = try await Self.site([:])
        let id = try await site.storage.createSnapshot(of: "volume-1", zone: nil, tags: [:])
        let files = ArtifactFiles(store: site.store)
        let list = """
            [{"spec":{"location":"main","persistentVolumeName":"pv-free","providerVolumeID":"volume-1"},
            "status":{"providerSnapshotID":"\(id)","phase":"Completed"}}]
            """
        try await site.store.delete(["backups/v/v-volumesnapshots.json.gz"])
        _ = try await files.writeCompressed("backups/v/v-volumesnapshots.json.gz", Array(list.utf8), with: .gzip())
        let record = try #require(try await site.records(of: "v").first)
        #expect(!record.isClaimed && record.subject == "persistentvolumes/pv-free" && record.snapshot?.id == id)
        #expect(VolumeRecord(json: record.json) == record)
        let report = try await site.delete(site.locations(), backup: "v")
        #expect(report.isDeleted && report.storageSnapshots == 1)
        #expect(site.storage.snapshots.isEmpty)
    }

    @Test func aVolumeThatCannotBeReadDoesNotHideTheOthers() async throws {
        let site = SnapshotSite()
        site.add("data")
        let catalog = BackupCatalog(store: site.store)
        _ = try await site.backUp()
        let contents = try await catalog.open(named: "b")
        var entries: [IndexEntry] = []
        try await contents.forEachEntry { entries += $0.filter { $0.identity.resource == .persistentVolumes } }
        let entry = try #require(entries.first)
        let error = BackupStorageError(.damaged, subject: "item", store: "memory", reason: "broken")
        let holder = VolumeHolders.holder(of: StoredItem(entry: entry, item: .failure(error)))
        guard case .unreadable(let why) = holder else {
            Issue.record("\(holder)")
            return
        }
        #expect(why.contains("broken"))
        for try await batch in contents.items(entries) {
            for item in batch {
                guard case .claim(let claim) = VolumeHolders.holder(of: item) else {
                    Issue.record("nobody has \(item.entry.identity)")
                    continue
                }
                #expect(claim.description == "shop/data")
            }
        }
        await contents.close()
    }

    @Test func snapshotsOfClaims() async throws {
        let info = """
            [{"pvName":"pv-1","pvcName":"data","pvcNamespace":"shop","backupMethod":"CSISnapshot","snapshotDataMoved":false,
            "csiSnapshotInfo":{"snapshotHandle":"h-1","driver":"d.example.com","size":1024,"vscName":"c"}},
            {"pvcName":"moved","pvcNamespace":"shop","backupMethod":"CSISnapshot","snapshotDataMoved":true},
            {"pvcName":"files","pvcNamespace":"shop","backupMethod":"PodVolumeBackup"}]
            """
        let snapshots = """
            [{"metadata":{"name":"s","namespace":"shop"},"spec":{"volumeSnapshotClassName":"fast",
            "source":{"persistentVolumeClaimName":"data"}},"status":{"boundVolumeSnapshotContentName":"c"}}]
            """
        let contents = """
            [{"metadata":{"name":"c"},"spec":{"driver":"d.example.com"},
            "status":{"snapshotHandle":"h-1","restoreSize":1024}}]
            """
        for lists in [
            ["volumeinfo": info],
            ["volumeinfo": "[]", "csi-volumesnapshots": snapshots, "csi-volumesnapshotcontents": contents],
        ] {
            let records = try await Self.site(lists).records(of: "v")
            #expect(records.map(\.claim.description) == ["shop/data"])
            let snapshot = try #require(records.first?.snapshot)
            #expect(snapshot.kind == .ofClaim && snapshot.id == "h-1" && snapshot.driver == "d.example.com")
            #expect(snapshot.restoreSize == 1024)
        }
    }

    /// Velero's lists have no place for a snapshot that is not Velero's own: one that nothing names is never deleted.
    @Test(arguments: [BackupFormat.godwit, .velero]) func snapshotsThatNoListCanNameAreNotTaken(
        format: BackupFormat
    ) async throws {
        var site = SnapshotSite()
        let cluster = ClaimSnapshotterFake()
        site.format = format
        site.claims = cluster
        site.add("data")
        let report = try await site.backUp("v")
        #expect(cluster.taken == (format == .godwit ? ["shop/data"] : []))
        let warning = report.results.warnings.namespaces["shop"]?.first { $0.contains("need the format godwit") }
        #expect((warning != nil) == (format == .velero), "\(report.results)")
    }

    @Test func aListThatCannotBeReadIsDamage() async throws {
        let site = try await Self.site(["volumesnapshots": "nonsense"])
        let error = await #expect(throws: BackupStorageError.self) { _ = try await site.records(of: "v") }
        #expect(error?.kind == .damaged)
    }
}
