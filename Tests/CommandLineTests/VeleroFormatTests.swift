import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// What `--format velero` writes is what Velero documents, looked at with plain tools; and it reads back.
@Suite struct VeleroFormatTests {
    private func json(_ workspace: Workspace, _ path: String) async throws -> JSONValue {
        let run = try await workspace.bash("zcat '\(path)'")
        try #require(run.status == 0, "\(run)")
        return try JSONValue(parsing: run.output)
    }

    @Test func theLayoutIsVeleros() async throws {
        let workspace = try Workspace()
        let shop = try await Shop(workspace).backedUp("b", "--format", "velero", "--ttl", "24h")
        #expect(
            Workspace.files(below: shop.stored(""))
                == [
                    "b-csi-volumesnapshotclasses.json.gz", "b-csi-volumesnapshotcontents.json.gz",
                    "b-csi-volumesnapshots.json.gz", "b-itemoperations.json.gz", "b-logs.gz",
                    "b-podvolumebackups.json.gz",
                    "b-resource-list.json.gz", "b-results.gz", "b-volumeinfo.json.gz", "b-volumesnapshots.json.gz",
                    "b.tar.gz", "velero-backup.json",
                ].map { "backups/b/\($0)" })

        let metadata = try #require(FileManager.default.contents(atPath: shop.stored("backups/b/velero-backup.json")))
        let backup = try JSONValue(parsing: Array(metadata))
        #expect(backup["apiVersion"] == "velero.io/v1" && backup["kind"] == "Backup")
        #expect(backup[path: "status", "formatVersion"] == "1.1.0")
        #expect(backup[path: "status", "version"] == 1)
        #expect(backup[path: "status", "phase"] == "Completed")
        #expect(backup[path: "spec", "ttl"] == "24h0m0s")

        let listing = try await workspace.bash("tar -tzf '\(shop.stored("backups/b/b.tar.gz"))'")
        let paths = listing.output.split(separator: "\n").map(String.init)
        #expect(paths.first == "metadata/version")
        #expect(paths.contains("resources/deployments.apps/namespaces/shop/web.json"))
        #expect(paths.contains("resources/deployments.apps/v1-preferredversion/namespaces/shop/web.json"))
        #expect(paths.contains("resources/persistentvolumes/cluster/shop-uploads.json"))
        #expect(paths.contains("resources/persistentvolumes/v1-preferredversion/cluster/shop-uploads.json"))
        let plain = paths.filter { $0.hasPrefix("resources/") && !$0.contains("-preferredversion/") }
        #expect(paths.count == 1 + 2 * plain.count)
        let version = try await workspace.bash("tar -xzOf '\(shop.stored("backups/b/b.tar.gz"))' metadata/version")
        #expect(version.output.trimmingCharacters(in: .whitespacesAndNewlines) == "1.1.0")

        let list = try await json(workspace, shop.stored("backups/b/b-resource-list.json.gz"))
        #expect(list["apps/v1/Deployment"]?.array?.contains("shop/web") == true)
        #expect(list["v1/PersistentVolume"]?.array == ["shop-uploads"])
        #expect(list.object?.values.compactMap(\.array?.count).reduce(0, +) == plain.count)
        let results = try await json(workspace, shop.stored("backups/b/b-results.gz"))
        #expect(results["errors"]?.object != nil && results["warnings"]?.object != nil)
        for name in ["podvolumebackups", "volumesnapshots", "itemoperations", "csi-volumesnapshots"] {
            #expect(try await json(workspace, shop.stored("backups/b/b-\(name).json.gz")) == [])
        }
        // Each claim, and why its data is not in the backup.
        let volumes = try await json(workspace, shop.stored("backups/b/b-volumeinfo.json.gz")).array ?? []
        #expect(volumes.count == list["v1/PersistentVolumeClaim"]?.array?.count && !volumes.isEmpty)
        for volume in volumes {
            #expect(volume["skipped"] == true && volume["pvcNamespace"] == "shop", "\(volume)")
            #expect(volume["skippedReason"]?.string?.isEmpty == false && volume["pvcName"]?.string != nil)
        }
    }

    @Test func bothFormatsRestoreToTheSame() async throws {
        let workspace = try Workspace()
        let shop = try await Shop(workspace).backedUp("n").backedUp("v", "--format", "velero")
        try workspace.makeFolder("other")
        let export = try await shop.godwit(
            "backup", "export", "n", "--format", "velero", "--to", "file://\(workspace.path("other"))", "--as", "e")
        #expect(export.status == 0, "\(export)")
        try await shop.restored("rn", from: "n", to: "out-n").restored("rv", from: "v", to: "out-v")
        let other = try await workspace.godwit(
            "restore", "create", "re", "--from-backup", "e", "--storage", "file://\(workspace.path("other"))",
            "--cluster", "dir:\(workspace.path("out-e"))")
        #expect(other.status == 0, "\(other)")
        let compare = try await workspace.bash(
            """
            for tree in out-n out-v out-e; do
                find $tree -name '*.yaml' -exec sed -i '/velero.io\\/restore-name\\|velero.io\\/backup-name/d' {} +
            done
            diff -r out-n out-v
            diff -r out-n out-e
            """)
        #expect(compare.status == 0, "\(compare)")
        for name in ["n", "v"] {
            let verify = try await shop.godwit("backup", "verify", name)
            #expect(verify.status == 0, "\(verify)")
        }
    }

    /// Velero keeps the data of volumes elsewhere. A restore or a copy that says nothing of it would look complete.
    @Test func volumesOfVelerosAreToldAndNotForgotten() async throws {
        let workspace = try Workspace()
        let shop = try await Shop(workspace).backedUp("b", "--format", "velero")
        let lists = try await workspace.bash(
            """
            cd '\(shop.stored("backups/b"))'
            echo '[{"kind":"PodVolumeBackup"},{"kind":"PodVolumeBackup"}]' | gzip >b-podvolumebackups.json.gz
            echo '[{"spec":{"operationID":"du-1"}},{"spec":{"operationID":"other"}}]' | gzip >b-itemoperations.json.gz
            echo 'no gzip' >b-volumesnapshots.json.gz
            """)
        try #require(lists.status == 0, "\(lists)")
        let expected = [
            "volumes backed up from the file system by Velero: 2. Their data", "data uploads by Velero: 1. Their data",
            "what Velero says of volume snapshots cannot be read",
        ]
        let restored = try await shop.restore("r", to: "out")
        #expect(restored.status == 0, "\(restored)")
        let described = try await shop.godwit("restore", "describe", "r", "--details")
        try workspace.makeFolder("other")
        let export = try await shop.godwit(
            "backup", "export", "b", "--format", "godwit", "--to", "file://\(workspace.path("other"))", "--as", "e")
        #expect(export.status == 0, "\(export)")
        for text in expected {
            #expect(described.output.contains(text), "\(described)")
            #expect("\(export.output)\(export.errors)".contains(text), "\(export)")
        }
        let plain = try await Shop(workspace, store: "plain").backedUp("b", "--format", "velero")
        let silent = try await plain.restore("q", to: "out-2")
        #expect(!"\(silent)".contains("by Velero"))
    }

    /// A backup of Velero 1.1 or before holds each object once, and less beside it.
    @Test func aBackupOfTheFirstFormatIsRead() async throws {
        let workspace = try Workspace()
        let shop = try await Shop(workspace).backedUp("b", "--format", "velero")
        let run = try await workspace.bash(
            """
            cd '\(shop.stored("backups/b"))'
            mkdir x
            tar -xzf b.tar.gz -C x --exclude '*-preferredversion' --exclude metadata
            tar -czf b.tar.gz -C x resources
            rm -r x b-csi-* b-itemoperations* b-podvolume* b-volume* b-resource-list*
            jq 'del(.status.formatVersion)' velero-backup.json >y
            mv y velero-backup.json
            """)
        try #require(run.status == 0, "\(run)")
        try await shop.restored("r", to: "out")
        #expect(Workspace.files(below: workspace.path("out")).count > 30)
    }
}
