import CloudStorage
import AWS
import Foundation
import GodwitModel
import GodwitPluginAPI
import ProgramTestKit
import S3ObjectStore
import Streams
import Testing

/// Snapshots of volumes from a cluster and back, with EC2 played by moto.
@Suite(.enabled(if: CloudSite.isThere, CloudSite.hint), .serialized)
struct EBSRoundTripTests {
    @Test(.timeLimit(.minutes(30))) func thereAndBack() async throws {
        try await CloudSite.with("trip") { cloud in
            let (site, namespace) = (cloud.site, cloud.namespace)
            let fast = try await CloudSite.volume([("VolumeType", "gp3"), ("Iops", "4000"), ("Throughput", "250")])
            let old = try await CloudSite.volume([("VolumeType", "io1"), ("Iops", "200")])
            try await cloud.claim("data", volume: fast)
            try await cloud.claim("logs", volume: old, inTree: true, policy: "Retain")
            let options = [
                "--include-namespaces", namespace, "--labels", "godwit-test=\(namespace)", "--snapshot-volumes",
            ]

            let plan = try await site.godwit(["backup", "create", "b", "--dry-run"] + options, on: .source)
            #expect(plan.status == 0 && plan.output.contains("snapshot location 'main'"), "\(plan)")
            #expect(try await CloudSite.snapshots(of: "b", namespace).isEmpty)

            let run = try await site.godwit(["backup", "create", "b"] + options, on: .source)
            try #require(run.status == 0, "\(run)")
            let snapshots = try await CloudSite.snapshots(of: "b", namespace)
            #expect(Set(snapshots.keys) == [cloud.persistentVolume("data"), cloud.persistentVolume("logs")])
            let rows = try await cloud.rows(of: "b")
            let row = try #require(rows["data"])
            #expect(row["method"] == "snapshot" && row["phase"] == "Completed", "\(row)")
            let snapshot = try #require(snapshots[cloud.persistentVolume("data")])
            #expect(
                row["volumeSnapshot"]?.object?.filter { $0.key != "taken" } == [
                    "provider": "godwit.io/ebs", "location": "main", "id": .string(snapshot),
                    "place": .string(Testbed.value("MOTO_REGION")),
                    "volumeID": .string(fast), "zone": .string(CloudSite.zone), "type": "gp3", "iops": 4000,
                    "throughput": 250,
                ], "\(row)")
            let table = try await site.godwit("backup", "describe", "b", "--details")
            #expect(table.output.contains("main/\(snapshot)"), "\(table)")
            #expect(try await site.godwit("backup", "verify", "b").status == 0)

            try await restoredElsewhere(cloud, snapshots)
            try await restoredBeside(cloud, snapshots, original: fast)

            _ = try await CloudSite.ask("DeleteSnapshot", [("SnapshotId", snapshot)])
            let damaged = try await site.godwit("backup", "verify", "b")
            #expect(damaged.status == 1 && damaged.output.contains("'\(snapshot)' in 'main'"), "\(damaged)")
            let deletion = try await site.godwit(["backup", "delete", "b", "--confirm"], on: .source)
            #expect(deletion.status == 0 && deletion.output.contains("1 snapshot that storages kept"), "\(deletion)")
            #expect(deletion.errors.contains("'\(snapshot)' in 'main' was not found"), "\(deletion)")
            #expect(try await CloudSite.snapshots(of: "b", namespace).isEmpty)
        }
    }

    /// In another cluster under the old names; and again, which makes nothing new.
    private func restoredElsewhere(_ cloud: CloudSite, _ snapshots: [String: String]) async throws {
        let dry = try await cloud.site.godwit(
            ["restore", "create", "dry", "--from-backup", "b", "--dry-run"], on: .destination)
        #expect(dry.status == 0, "\(dry)")
        for snapshot in snapshots.values { #expect(try await CloudSite.volumes(from: snapshot).isEmpty) }
        for attempt in 1...2 {
            let run = try await cloud.site.godwit(
                ["restore", "create", "r\(attempt)", "--from-backup", "b"], on: .destination)
            try #require(run.status == 0, "\(run)")
            for claim in ["data", "logs"] {
                let snapshot = try #require(snapshots[cloud.persistentVolume(claim)])
                let volumes = try await CloudSite.volumes(from: snapshot)
                try #require(volumes.count == 1, "\(volumes)")
                let bound = try await cloud.bound(claim, in: cloud.namespace, on: .destination)
                #expect(bound.name == cloud.persistentVolume(claim))
                let found = try await CloudSite.describe(volumes[0])
                #expect(found.text("availabilityZone") == CloudSite.zone)
                if claim == "data" {
                    #expect(bound[path: "spec", "csi", "volumeHandle"] == .string(volumes[0]))
                    #expect(bound[path: "spec", "persistentVolumeReclaimPolicy"] == "Delete")
                    #expect(found.text("volumeType") == "gp3" && found.text("iops") == "4000")
                } else {
                    #expect(
                        bound[path: "spec", "awsElasticBlockStore", "volumeID"]
                            == .string("aws://\(CloudSite.zone)/\(volumes[0])"))
                    #expect(bound[path: "spec", "persistentVolumeReclaimPolicy"] == "Retain")
                    #expect(found.text("volumeType") == "io1" && found.text("iops") == "200")
                }
            }
        }
    }

    /// Beside the original under another namespace, with PersistentVolumes of their own.
    private func restoredBeside(_ cloud: CloudSite, _ snapshots: [String: String], original: String) async throws {
        let run = try await cloud.site.godwit(
            [
                "restore", "create", "beside", "--from-backup", "b", "--namespace-mappings",
                "\(cloud.namespace):\(cloud.restored)",
            ], on: .source)
        try #require(run.status == 0, "\(run)")
        let bound = try await cloud.bound("data", in: cloud.restored, on: .source)
        #expect(bound.name.hasPrefix("velero-clone-"))
        let volume = try #require(bound[path: "spec", "csi", "volumeHandle"]?.string)
        #expect(volume != original)
        let snapshot = try #require(snapshots[cloud.persistentVolume("data")])
        #expect(try await CloudSite.volumes(from: snapshot).contains(volume))
        let untouched = try await cloud.bound("data", in: cloud.namespace, on: .source)
        #expect(untouched[path: "spec", "csi", "volumeHandle"] == .string(original))
        // The name of the original was free to look like the clone's claim's.
        try await cloud.site.kubectl(.source, "delete", "namespace", cloud.restored, "--wait=false")
        try await cloud.site.kubectl(.source, "delete", "pv", bound.name, "--wait=false")
    }

    @Test(.timeLimit(.minutes(30))) func whatCannotBeSnapshotIsTold() async throws {
        try await CloudSite.with("trouble") { cloud in
            let (site, namespace) = (cloud.site, cloud.namespace)
            let good = try await CloudSite.volume()
            try await cloud.claim("good", volume: good)
            try await cloud.claim("gone", volume: "vol-0123456789abcdef0")
            let options = ["--include-namespaces", namespace, "--labels", "godwit-test=\(namespace)"]
            let run = try await site.godwit(["backup", "create", "b"] + options, on: .source)
            #expect(run.status == 3 && run.errors.contains("InvalidVolume.NotFound"), "\(run)")
            let rows = try await cloud.rows(of: "b")
            #expect(rows["good"]?["phase"] == "Completed" && rows["gone"]?["phase"] == "Failed", "\(rows)")

            // Nothing is taken when that is not wanted, or when the files are.
            let off = try await site.godwit(
                ["backup", "create", "off", "--snapshot-volumes=false"] + options, on: .source)
            #expect(off.status == 0, "\(off)")
            #expect(try await cloud.rows(of: "off")["good"]?["method"] == "skip")
            let files = try await site.godwit(
                ["backup", "create", "files", "--default-volumes-to-fs-backup"] + options, on: .source)
            #expect(files.status == 3, "\(files)")
            #expect(try await cloud.rows(of: "files")["good"]?["method"] == "fs-backup")
            for name in ["off", "files"] { #expect(try await CloudSite.snapshots(of: name, namespace).isEmpty) }

            // A policy decides claim by claim, whatever the flag says.
            let policies = try site.workspace.write(
                """
                version: v1
                volumePolicies:
                - conditions: {csi: {driver: ebs.csi.aws.com}}
                  action: {type: snapshot}
                """, to: "policies.yaml")
            let demanded = try await site.godwit(
                ["backup", "create", "p", "--snapshot-volumes=false", "--resource-policies", policies] + options,
                on: .source)
            #expect(demanded.status == 3, "\(demanded)")
            #expect(try await CloudSite.snapshots(of: "p", namespace).count == 1)

            // A location that is forgotten: the snapshots stay, and are named.
            let snapshot = try #require(try await CloudSite.snapshots(of: "p", namespace).values.first)
            let forgotten = try await site.workspace.godwit("snapshot-location", "delete", "main")
            #expect(forgotten.status == 0)
            let restore = try await site.godwit(["restore", "create", "r", "--from-backup", "p"], on: .destination)
            #expect(restore.status == 3 && restore.errors.contains("no snapshot location 'main'"), "\(restore)")
            let deletion = try await site.godwit(["backup", "delete", "p", "--confirm"], on: .source)
            #expect(deletion.status == 0 && deletion.errors.contains(snapshot), "\(deletion)")
            #expect(try await CloudSite.snapshots(of: "p", namespace).count == 1)
        }
    }

    @Test(.timeLimit(.minutes(30))) func throughVelerosFormat() async throws {
        try await CloudSite.with("velero") { cloud in
            let (site, namespace) = (cloud.site, cloud.namespace)
            let volume = try await CloudSite.volume([("VolumeType", "io2"), ("Iops", "300")])
            try await cloud.claim("data", volume: volume)
            let run = try await site.godwit(
                [
                    "backup", "create", "v", "--format", "velero", "--include-namespaces", namespace, "--labels",
                    "godwit-test=\(namespace)",
                ], on: .source)
            try #require(run.status == 0, "\(run)")
            let snapshot = try #require(try await CloudSite.snapshots(of: "v", namespace).values.first)
            let list = try await Self.list("volumesnapshots", of: "v", site)
            #expect(
                list == [
                    [
                        "spec": [
                            "backupName": "v", "backupUID": "", "location": "main",
                            "persistentVolumeName": .string(cloud.persistentVolume("data")),
                            "providerVolumeID": .string(volume), "volumeType": "io2",
                            "volumeAZ": .string(CloudSite.zone), "volumeIOPS": 300,
                        ], "status": ["providerSnapshotID": .string(snapshot), "phase": "Completed"],
                    ]
                ])
            // As Velero wrote it before it kept volume infos: the claim is found by the PersistentVolume.
            try await Testbed.bucket().delete(["\(site.prefix)/backups/v/v-volumeinfo.json.gz"])
            let restore = try await site.godwit(["restore", "create", "r", "--from-backup", "v"], on: .destination)
            try #require(restore.status == 0, "\(restore)")
            let bound = try await cloud.bound("data", in: namespace, on: .destination)
            let restored = try #require(bound[path: "spec", "csi", "volumeHandle"]?.string)
            #expect(try await CloudSite.volumes(from: snapshot) == [restored])
            #expect(try await CloudSite.describe(restored).text("iops") == "300")
            let deletion = try await site.godwit(["backup", "delete", "v", "--confirm"], on: .source)
            #expect(deletion.status == 0, "\(deletion)")
            #expect(try await CloudSite.snapshots(of: "v", namespace).isEmpty)
        }
    }

    /// A list of a backup in Velero's format.
    private static func list(_ name: String, of backup: String, _ site: Site) async throws -> JSONValue {
        let key = "\(site.prefix)/backups/\(backup)/\(backup)-\(name).json.gz"
        let bucket = try Testbed.bucket()
        let packed = try await bucket.get(key, range: nil).body.collect(upTo: 1 << 20)
        // The body ends with its client.
        withExtendedLifetime(bucket) {}
        let path = site.workspace.path("list.gz")
        try Data(packed).write(to: URL(fileURLWithPath: path))
        let text = try await site.workspace.bash("gzip -dc \(path)")
        return try JSONValue(parsing: text.output)
    }
}
