import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// Volumes as parts of backups and restores: from a directory of manifests and back into one.
@Suite struct VolumeBackupTests {
    @Test func theDataOfAClaimTravelsWithItsBackup() async throws {
        let site = try await Site()
        let backup = try await site.backUp("b", "--default-volumes-to-fs-backup")
        #expect(backup.status == 0, "\(backup)")
        let described = try await site.json("backup", "describe", "b", "--details")
        let rows = try #require(described["volumes"]?.array)
        let data = try #require(rows.first { $0["claim"]?.string == "data" })
        #expect(data["phase"]?.string == "Completed" && data["method"]?.string == "fs-backup")
        #expect(data[path: "totals", "files"]?.integer == 3 && data[path: "totals", "errors"]?.integer == 0)
        let snapshots = try await site.json("volume", "snapshots")
        #expect(snapshots.array?.first?["backup"]?.string == "b")
        #expect(snapshots.array?.first?["expires"]?.string != nil)

        let restore = try await site.restore(
            "r", "--namespace-mappings", "shop:shop2", "--pvc-mappings", "shop/data:shop2/files", "--verify-volumes")
        #expect(restore.status == 0 && restore.output.contains("1 volume filled"), "\(restore)")
        try await site.expectEqual(to: "target/.volumes/shop2/files")
        // Everything that names the claim follows it.
        for file in [
            "shop2/pods/tool.yaml", "shop2/deployments.apps/web.yaml", "shop2/persistentvolumeclaims/files.yaml",
            "_cluster/persistentvolumes/pv-data.yaml",
        ] {
            let text = try String(contentsOfFile: site.workspace.path("target/\(file)"), encoding: .utf8)
            #expect(text.contains("files") && !text.contains("claimName: data"), "\(file): \(text)")
        }
        let record = try await site.json("restore", "describe", "r")
        let volume = try #require(record["volumes"]?.array?.first { $0["claim"]?.string == "shop/data" })
        #expect(volume["phase"]?.string == "Completed" && volume["filesVerified"]?.integer == 3)
        let table = try await site.godwit("restore", "describe", "r", "--details")
        #expect(table.output.contains("shop2/files   Completed"), "\(table)")
    }

    @Test func withoutBeingAskedForOnlyWhatPodsOptInForIsTaken() async throws {
        let site = try await Site()
        #expect(try await site.backUp("plain").status == 0)
        let rows = try await site.volumes(of: "plain")
        #expect(rows.allSatisfy { $0["method"]?.string == "skip" && $0["phase"]?.string == "Skipped" }, "\(rows)")
        // Nothing was taken, so there is no repository.
        #expect(!FileManager.default.fileExists(atPath: site.stored("repository")))
        try site.annotate("backup.velero.io/backup-volumes: \"files, cache\"")
        let asking = try await site.backUp("asked")
        #expect(asking.status == 0 && asking.errors.contains("'cache', which is no volume of a claim"), "\(asking)")
        let asked = try await site.volumes(of: "asked").first { $0["claim"]?.string == "data" }
        #expect(asked?["reason"]?.string == "annotation of pod 'tool'" && asked?["snapshot"] != nil)
        let off = try await site.backUp("off", "--volume-data", "false")
        #expect(off.status == 0)
        #expect(try await site.volumes(of: "off").allSatisfy { $0["snapshot"] == nil })
    }

    @Test func policiesDecide() async throws {
        let site = try await Site()
        let policies = try site.workspace.write(
            """
            version: v1
            volumePolicies:
            - conditions: {volumeTypes: [nfs]}
              action: {type: skip}
            - conditions: {capacity: "0,2Gi"}
              action: {type: fs-backup}
            """, to: "policies.yaml")
        let plan = try await site.backUp("p", "--resource-policies", policies, "--dry-run", "-o", "json")
        #expect(plan.status == 0, "\(plan)")
        let planned = try JSONValue(parsing: plan.output)["volumes"]?.array ?? []
        let data = try #require(planned.first { $0["claim"]?.string == "shop/data" })
        #expect(data["method"]?.string == "fs-backup" && data["reason"]?.string == "volume policy 2")
        #expect(data["path"]?.string?.hasSuffix(".volumes/shop/data") == true)
        #expect(!FileManager.default.fileExists(atPath: site.stored("backups")))
        // The other claim fits too, and is bound to nothing.
        #expect(planned.first { $0["claim"]?.string == "shop/logs" }?["method"]?.string == "skip")
        #expect(try await site.backUp("p", "--resource-policies", policies).status == 0)
        let wrong = try site.workspace.write("version: v7\n", to: "wrong.yaml")
        let refused = try await site.backUp("w", "--resource-policies", wrong)
        #expect(refused.status == 2 && refused.errors.contains("not v1"), "\(refused)")
        let missing = try await site.backUp("w", "--resource-policies", "nowhere.yaml")
        #expect(missing.status == 2 && missing.errors.contains("nowhere.yaml"), "\(missing)")
    }

    @Test func aVolumeThatFailsMakesTheBackupPartiallyFailed() async throws {
        let site = try await Site()
        try FileManager.default.removeItem(atPath: site.workspace.path("source/.volumes"))
        let backup = try await site.backUp("b", "--default-volumes-to-fs-backup")
        #expect(backup.status == 3 && backup.errors.contains("no directory"), "\(backup)")
        let row = try #require(try await site.volumes(of: "b").first { $0["claim"]?.string == "data" })
        #expect(row["phase"]?.string == "Failed" && row["error"]?.string != nil)
        // Its objects come back; who reads the warnings knows that the volume is empty.
        let restore = try await site.restore("r")
        #expect(restore.status == 0 && restore.errors.contains("its data is not in the backup"), "\(restore)")
    }

    @Test func aNamedDirectoryIsTaken() async throws {
        let site = try await Site()
        let elsewhere = try site.workspace.makeFolder("elsewhere")
        try site.workspace.write("other", to: "elsewhere/file")
        #expect(try await site.backUp("b", "--volume-path", "shop/logs=\(elsewhere)").status == 0)
        let target = site.workspace.path("filled")
        #expect(try await site.restore("r", "--volume-path", "shop/logs=\(target)").status == 0)
        #expect(try String(contentsOfFile: "\(target)/file", encoding: .utf8) == "other")
        let unknown = try await site.backUp("u", "--volume-path", "shop/nobody=\(elsewhere)")
        #expect(unknown.status == 3 && unknown.errors.contains("shop/nobody"), "\(unknown)")
        let twice = try await site.backUp("t", "--volume-path", "shop/a=/x", "--volume-path", "shop/a=/y")
        #expect(twice.status == 2 && twice.errors.contains("named twice"), "\(twice)")
    }

    @Test func dataThatIsThereIsLeftAloneUnlessAskedFor() async throws {
        let site = try await Site()
        #expect(try await site.backUp("b", "--default-volumes-to-fs-backup", "--exclude-resources", "pods").status != 2)
        #expect(try await site.restore("r1").status == 0)
        try site.workspace.write("mine", to: "target/.volumes/shop/data/one")
        try site.workspace.write("extra", to: "target/.volumes/shop/data/extra")
        let none = try await site.restore("r2")
        #expect(none.status == 0 && none.errors.contains("left alone"), "\(none)")
        #expect(try site.read("target/.volumes/shop/data/one") == "mine")
        #expect(try await site.restore("r3", "--existing-resource-policy", "update").status == 0)
        #expect(try site.read("target/.volumes/shop/data/one") == "1")
        #expect(try site.read("target/.volumes/shop/data/extra") == "extra")
        #expect(try await site.restore("r4", "--existing-resource-policy", "replace").status == 0)
        try await site.expectEqual(to: "target/.volumes/shop/data")
    }

    @Test func whatWouldStartOnAnEmptyVolumeIsHeldBack() async throws {
        let site = try await Site()
        #expect(try await site.backUp("b", "--volume-path", "shop/data=\(site.data)").status == 0)
        let folder = site.stored("repository/snapshots")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
        let verified = try await site.godwit("backup", "verify", "b")
        #expect(verified.status == 1 && verified.output.contains("is gone"), "\(verified)")
        let restore = try await site.restore("r")
        #expect(restore.status == 3 && restore.errors.contains("held back"), "\(restore)")
        let written = Workspace.files(below: site.workspace.path("target"))
        #expect(!written.contains { $0.contains("pods/") || $0.contains("deployments") }, "\(written)")
        #expect(written.contains { $0.contains("persistentvolumeclaims/data") })
        let objects = try await site.restore("o", "--restore-volumes=false")
        #expect(objects.status == 0, "\(objects)")
        #expect(Workspace.files(below: site.workspace.path("target")).contains { $0.contains("pods/tool") })
    }

    @Test func aVolumeThatWasNotFilledIsFilledByTheNextRestore() async throws {
        let site = try await Site()
        #expect(try await site.backUp("b", "--volume-path", "shop/data=\(site.data)").status == 0)
        try site.workspace.write("in the way", to: "file")
        let blocked = "shop/data=\(site.workspace.path("file/below"))"
        let first = try await site.restore("r1", "--volume-path", blocked)
        #expect(first.status == 3 && first.errors.contains("held back"), "\(first)")
        let claim = "target/shop/persistentvolumeclaims/data.yaml"
        #expect(try site.read(claim).contains("godwit.io/unfilled"))
        // Neither is it taken for somebody's data when it fails again, nor does anything start on it.
        let second = try await site.restore("r2", "--volume-path", blocked)
        #expect(second.status == 3 && second.errors.contains("held back"), "\(second)")
        let third = try await site.restore("r3")
        #expect(third.status == 0 && third.output.contains("1 volume filled"), "\(third)")
        try await site.expectEqual(to: "target/.volumes/shop/data")
        #expect(try !site.read(claim).contains("godwit.io/unfilled"))
        #expect(Workspace.files(below: site.workspace.path("target")).contains { $0.contains("pods/tool") })
        // From now on it is somebody's data.
        try site.workspace.write("mine", to: "target/.volumes/shop/data/one")
        #expect(try await site.restore("r4").errors.contains("left alone"))
        #expect(try site.read("target/.volumes/shop/data/one") == "mine")
    }

    @Test func namesOfFilesCannotCommandTheTerminal() async throws {
        let site = try await Site()
        let made = try await site.workspace.bash(
            "cd source/.volumes/shop/data; n=$(printf 'a\\033[31mb'); echo x >\"$n\"; chmod 0 \"$n\"")
        try #require(made.status == 0, "\(made)")
        let backup = try await site.backUp("b", "--volume-path", "shop/data=\(site.data)")
        let described = try await site.godwit("backup", "describe", "b", "--details")
        for run in [backup, described] { #expect(!(run.output + run.errors).contains("\u{1B}"), "\(run)") }
    }

    @Test func aDeletedBackupTakesItsSnapshotsAlong() async throws {
        let site = try await Site()
        #expect(try await site.backUp("b1", "--volume-path", "shop/data=\(site.data)").status == 0)
        #expect(try await site.backUp("b2", "--volume-path", "shop/data=\(site.data)").status == 0)
        let kept = try await site.godwit("repository", "forget", "--keep-last", "1")
        #expect(kept.status == 0 && kept.output.contains("backup 'b1'"), "\(kept)")
        let deleted = try await site.godwit("backup", "delete", "b1", "--confirm")
        #expect(deleted.status == 0 && deleted.output.contains("1 snapshot"), "\(deleted)")
        let left = try await site.json("volume", "snapshots").array ?? []
        #expect(left.map { $0["backup"]?.string } == ["b2"])
        #expect(try await site.godwit("repository", "check", "--read-data").status == 0)
    }

    @Test func aCopyElsewhereSaysThatTheDataStays() async throws {
        let site = try await Site()
        #expect(try await site.backUp("b", "--volume-path", "shop/data=\(site.data)").status == 0)
        let other = try site.workspace.makeFolder("other-store")
        let copy = try await site.godwit("backup", "export", "b", "--format", "godwit", "--to", "file://\(other)")
        #expect(copy.status == 3 && copy.errors.contains("not in the copy"), "\(copy)")
    }

    @Test func thePasswordIsAskedForBeforeAnythingIsDone() async throws {
        let site = try await Site()
        let password = try site.workspace.write("correct horse\n", to: "password")
        let wrong = try site.workspace.write("battery\n", to: "wrong")
        let named = "shop/data=\(site.data)"
        #expect(try await site.backUp("b", "--volume-path", named, "--password-file", password).status == 0)
        let none = try await site.backUp("n", "--volume-path", named)
        #expect(none.status == 1 && none.errors.contains("GODWIT_REPOSITORY_PASSWORD"), "\(none)")
        #expect(try await site.backUp("w", "--volume-path", named, "--password-file", wrong).status == 1)
        #expect(!FileManager.default.fileExists(atPath: site.stored("backups/w")))
        let refused = try await site.restore("f", "--password-file", wrong)
        #expect(refused.status == 1 && Workspace.files(below: site.workspace.path("target")).isEmpty, "\(refused)")
        let restore = try await site.restore("r", "--password-file", password)
        #expect(restore.status == 0, "\(restore)")
        try await site.expectEqual(to: "target/.volumes/shop/data")
        let described = try await site.godwit("backup", "describe", "b", "--details")
        #expect(described.status == 0, "the volumes of a backup can be listed without the password")
    }

    @Test(arguments: [
        (["--format", "velero", "--default-volumes-to-fs-backup"], "--format godwit"),
        (["--volume-data", "false", "--kubelet-root", "/var/lib/kubelet"], "--volume-data false"),
        (["--kubelet-root", "/nowhere"], "/nowhere/pods"), (["--kubelet-root", "@kubelet"], "with --cluster dir:PATH"),
        (["--volume-path", "data=/x"], "namespace/claim=dir"),
        (["--resource-policies", "a", "--resource-policies-configmap", "b/c"], "exclude each other"),
    ])
    func mistakesAreUsageErrors(_ options: [String], _ word: String) async throws {
        let site = try await Site()
        _ = try site.workspace.makeFolder("kubelet/pods")
        let run = try await site.backUp("m", options.map { $0.replacing("@", with: site.workspace.path("")) })
        #expect(run.status == 2 && run.errors.contains(word), "\(run)")
    }

    @Test func mappingsThatCannotBeAreRefused() async throws {
        let site = try await Site()
        #expect(try await site.backUp("b").status == 0)
        for (mapping, word, status) in [
            ("shop/data:other/data", "restored as 'shop'", 1), ("shop/nobody:shop/x", "holds no claim", 1),
            ("data:files", "ns/old:ns/new", 2), ("shop/data:shop/x,shop/logs:shop/x", "become one", 2),
        ] as [(String, String, Int32)] {
            let run = try await site.restore("m", "--pvc-mappings", mapping)
            #expect(run.status == status && run.errors.contains(word), "\(run)")
        }
    }
}

/// A directory of manifests with two claims and what uses them, and a store.
private struct Site {
    let workspace: Workspace
    let storage: String

    var data: String { workspace.path("source/.volumes/shop/data") }

    init() async throws {
        workspace = try Workspace()
        storage = "file://\(try workspace.makeFolder("store"))"
        try workspace.makeFolder("source/.volumes/shop/data/folder")
        try workspace.write("1", to: "source/.volumes/shop/data/one")
        try workspace.write("2", to: "source/.volumes/shop/data/folder/two")
        let made = try await workspace.bash(
            """
            cd source/.volumes/shop/data
            head -c 300000 /dev/urandom >noise; ln -s one link; chmod 2750 folder; touch -d 2020-02-02T02:02:02.123 one
            """)
        try #require(made.status == 0, "\(made)")
        try workspace.write(Self.manifests, to: "source/shop.yaml")
    }

    func annotate(_ annotation: String) throws {
        let text = Self.manifests.replacing(
            "name: tool, namespace: shop", with: "name: tool, namespace: shop, annotations: {\(annotation)}")
        try workspace.write(text, to: "source/shop.yaml")
    }

    func backUp(_ name: String, _ options: String...) async throws -> ProgramResult { try await backUp(name, options) }

    func backUp(_ name: String, _ options: [String]) async throws -> ProgramResult {
        try await workspace.godwit(
            ["backup", "create", name, "--cluster", "dir:\(workspace.path("source"))", "--storage", storage] + options)
    }

    func restore(_ name: String, _ options: String...) async throws -> ProgramResult {
        try await workspace.godwit(
            [
                "restore", "create", name, "--from-backup", "b", "--storage", storage, "--cluster",
                "dir:\(workspace.path("target"))",
            ] + options)
    }

    func godwit(_ arguments: String...) async throws -> ProgramResult {
        try await workspace.godwit(arguments + ["--storage", storage])
    }

    func json(_ arguments: String...) async throws -> JSONValue {
        let run = try await workspace.godwit(arguments + ["--storage", storage, "-o", "json"])
        try #require(run.status == 0, "\(run)")
        return try JSONValue(parsing: run.output)
    }

    func volumes(of backup: String) async throws -> [JSONValue] {
        try await json("backup", "describe", backup, "--details")["volumes"]?.array ?? []
    }

    func stored(_ key: String) -> String { workspace.path("store/\(key)") }

    func read(_ name: String) throws -> String { try String(contentsOfFile: workspace.path(name), encoding: .utf8) }

    /// Content, modes, owners, times and links are equal.
    func expectEqual(to folder: String) async throws {
        let list = "find . -printf '%P %y %m %U:%G %T@ %s %l\\n' | sort; find . -type f -exec sha256sum {} + | sort"
        let old = try await workspace.bash("cd source/.volumes/shop/data; \(list)")
        let new = try await workspace.bash("cd \(folder); \(list)")
        #expect(old.output == new.output && old.output.contains("noise"), "\(old)\n\(new)")
    }

    private static let manifests = """
        apiVersion: v1
        kind: Namespace
        metadata: {name: shop}
        ---
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: pv-data}
        spec:
          capacity: {storage: 1Gi}
          accessModes: [ReadWriteOnce]
          persistentVolumeReclaimPolicy: Retain
          storageClassName: ""
          claimRef: {namespace: shop, name: data}
          hostPath: {path: /nowhere/at/all}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data, namespace: shop}
        spec:
          accessModes: [ReadWriteOnce]
          storageClassName: ""
          volumeName: pv-data
          resources: {requests: {storage: 1Gi}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: logs, namespace: shop}
        spec:
          accessModes: [ReadWriteOnce]
          volumeMode: Filesystem
          resources: {requests: {storage: 1Gi}}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, namespace: shop}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: c, image: x}]
              volumes: [{name: files, persistentVolumeClaim: {claimName: data}}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: tool, namespace: shop}
        spec:
          containers: [{name: c, image: x}]
          volumes: [{name: files, persistentVolumeClaim: {claimName: data}}]

        """
}
