import Foundation
import ProgramTestKit
import Testing

/// A program made for Velero, in Go, takes part in backups and restores when it stands in the plugin directory.
@Suite struct GoPluginTests {
    private struct Place {
        let workspace: Workspace
        let storage: String

        init(_ manifests: String) async throws {
            workspace = try Workspace()
            try workspace.makeFolder("home/.local/share/godwit/plugins")
            try FileManager.default.createSymbolicLink(
                atPath: workspace.path("home/.local/share/godwit/plugins/go-plugin"),
                withDestinationPath: try await GoPlugin.program())
            storage = "file://" + (try workspace.makeFolder("store"))
            try workspace.makeFolder("manifests")
            try workspace.write(manifests, to: "manifests/all.yaml")
        }

        func backUp(_ name: String, to storage: String? = nil, _ more: String...) async throws -> ProgramResult {
            try await workspace.godwit(
                [
                    "backup", "create", name, "--cluster", "dir:\(workspace.path("manifests"))", "--storage",
                    storage ?? self.storage,
                ] + more)
        }

        func logs(_ name: String) async throws -> ProgramResult {
            try await workspace.godwit("backup", "logs", name, "--storage", storage)
        }

        func restore(_ name: String, from storage: String? = nil, _ more: String...) async throws -> ProgramResult {
            try await workspace.godwit(
                [
                    "restore", "create", "--from-backup", name, "--storage", storage ?? self.storage, "--cluster",
                    "dir:\(workspace.path("out"))", "--verbose",
                ] + more)
        }

        /// The file of a restored item; empty where it was not restored.
        func restored(_ path: String) -> String {
            (try? String(contentsOfFile: workspace.path("out/shop/\(path).yaml"), encoding: .utf8)) ?? ""
        }
    }

    private static func claim(_ name: String, _ annotations: String) -> String {
        """
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: \(name), namespace: shop, annotations: {\(annotations)}}
        spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}

        """
    }

    private static func configMap(_ name: String) -> String {
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: \(name), namespace: shop}\n"
    }

    private static func cronJob(_ name: String, _ annotations: String = "") -> String {
        """
        ---
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: \(name), namespace: shop, annotations: {\(annotations)}}
        spec:
          schedule: "0 3 * * *"
          jobTemplate: {spec: {template: {spec: {containers: [{name: main, image: "example.com/nightly:1"}]}}}}

        """
    }

    @Test func aBackupAndRestoreWithAllItsActions() async throws {
        let place = try await Place(
            Self.configMap("settings") + Self.configMap("state") + Self.claim("data", "example.com/with: state")
                + Self.cronJob("nightly") + Self.cronJob("old", #"example.com/over: "yes""#))
        let backup = try await place.backUp("b")
        #expect(backup.status == 0, "\(backup)")
        let log = try await place.logs("b").output
        let begun = try #require(log.range(of: "go-plugin: operation begins item=shop/data"), "\(log)")
        let ended = try #require(log.range(of: "go-plugin: operation is completed asked=3 item=shop/data"), "\(log)")
        let after = try #require(log.range(of: "1 items were read after the operations"), "\(log)")
        #expect(begun.lowerBound < ended.lowerBound && ended.lowerBound < after.lowerBound, "\(log)")

        let restore = try await place.restore("b")
        #expect(restore.status == 0, "\(restore)")
        #expect(restore.errors.contains("asked for an item item=shop/state times=2"), "it was waited for: \(restore)")
        #expect(restore.errors.contains("operation is completed asked=3 item=shop/data"), "\(restore)")
        #expect(place.restored("configmaps/settings").contains("example.com/go-mark: b"))
        let claim = place.restored("persistentvolumeclaims/data")
        #expect(claim.contains("example.com/go-copy: b") && claim.contains("example.com/go-settle:"), "\(claim)")
        #expect(place.restored("configmaps/state").contains("name: state"))
        let job = place.restored("cronjobs.batch/nightly")
        #expect(job.contains("suspend: true") && job.contains("example.com/go-suspend: b"), "\(job)")
        #expect(place.restored("cronjobs.batch/old").isEmpty, "the action leaves it out")

        let deleted = try await place.workspace.godwit(
            "backup", "delete", "b", "--confirm", "--storage", place.storage, "--verbose")
        #expect(deleted.status == 0, "\(deleted)")
        #expect(deleted.errors.contains("go-plugin: forgotten backup=b item=settings"), "\(deleted)")
    }

    @Test func anOperationThatFailsOrDoesNotEnd() async throws {
        let place = try await Place(
            Self.claim("full", "example.com/outcome: fails") + Self.claim("stuck", "example.com/outcome: hangs")
                + Self.claim("well", ""))
        let backup = try await place.backUp("b", to: nil, "--item-operation-timeout", "3s", "--verbose")
        #expect(backup.status == 3, "\(backup)")
        #expect(backup.errors.contains("failed: the disk is full"), "\(backup)")
        #expect(backup.errors.contains("did not end in time and was cancelled"), "\(backup)")
        // What a program says last may come when the backup's log is stored.
        #expect(backup.errors.contains("go-plugin: operation is cancelled item=shop/stuck"), "\(backup)")
        let log = try await place.logs("b").output
        #expect(log.contains("operation is completed asked=3 item=shop/well"), "\(log)")
        let restore = try await place.restore("b", from: nil, "--item-operation-timeout", "3s")
        #expect(restore.status == 3, "\(restore)")
        #expect(restore.errors.contains("failed: the disk is full"), "\(restore)")
        #expect(restore.errors.contains("did not end in time and was cancelled"), "\(restore)")
        for name in ["full", "stuck", "well"] {
            let claim = place.restored("persistentvolumeclaims/\(name)")
            #expect(claim.contains("example.com/go-copy: b"), "what was begun in vain is in the backup: \(claim)")
        }
    }

    @Test func anErrorNamesItsPlaceAndFailsItsItemOnly() async throws {
        func quota(_ name: String) -> String {
            "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: \(name), namespace: shop}\nspec: {hard: {pods: 4}}\n"
        }
        let place = try await Place(quota("gold") + quota("panic") + Self.configMap("settings"))
        let backup = try await place.backUp("b")
        #expect(backup.status == 3, "\(backup)")
        #expect(backup.errors.contains("no quota for gold (at example.com/goplugin/backup.go:"), "\(backup)")
        #expect(backup.errors.contains("plugin panicked: assignment to entry in nil map (at "), "\(backup)")
        #expect(try await place.restore("b").status == 0)
        #expect(place.restored("configmaps/settings").contains("example.com/go-mark: b"))
    }

    @Test func aBackupOfThousandsOfItems() async throws {
        let place = try await Place((0..<3000).map { Self.configMap("m\($0)") }.joined())
        let backup = try await place.backUp("b")
        #expect(backup.status == 0, "\(backup)")
        #expect(backup.output.contains("Completed: 3000 items"), "\(backup)")
    }

    /// Each item names the next, so that one call follows the other, and Go's gRPC sends a PING with nearly every one.
    @Test func aBackupItemByItem() async throws {
        let items = (0..<800).map { number in
            """
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: m\(number)
              namespace: shop
              labels: {chain: "\(number == 0 ? "begins" : "goes-on")"}
              annotations: {example.com/with: "\(number == 799 ? "" : "m\(number + 1)")"}

            """
        }
        let place = try await Place(items.joined())
        let backup = try await place.backUp("b", to: nil, "--selector", "chain=begins")
        #expect(backup.status == 0, "\(backup)")
        #expect(backup.output.contains("Completed: 800 items"), "\(backup)")
        #expect(try await place.restore("b").status == 0)
        for number in [0, 400, 799] {
            #expect(place.restored("configmaps/m\(number)").contains("example.com/go-mark: b"))
        }
    }

    @Test func aBackupCanBeKeptByIt() async throws {
        let place = try await Place(Self.configMap("settings"))
        let location = "plugin://example.com/go-shelf/bucket/some/prefix?root=\(place.workspace.path("shelf"))"
        let backup = try await place.backUp("b", to: location)
        #expect(backup.status == 0, "\(backup)")
        let verify = try await place.workspace.godwit("backup", "verify", "b", "--storage", location)
        #expect(verify.status == 0, "\(verify)")
        let restore = try await place.restore("b", from: location)
        #expect(restore.status == 0, "\(restore)")
        #expect(place.restored("configmaps/settings").contains("example.com/go-mark: b"))
    }

    @Test func itIsAddedAndListed() async throws {
        let place = try await Place("")
        let directory = place.workspace.path("mine")
        let added = try await place.workspace.godwit(
            "plugin", "add", try await GoPlugin.program(), "--plugin-dir", directory)
        #expect(added.status == 0, "\(added)")
        let list = try await place.workspace.godwit("plugin", "get", "--plugin-dir", directory)
        #expect(list.status == 0, "\(list)")
        for name in ["copy", "forget", "mark", "refuse", "settle", "shelf", "suspend", "together", "vault"] {
            #expect(list.output.contains("example.com/go-\(name)"), "\(list)")
        }
    }
}
