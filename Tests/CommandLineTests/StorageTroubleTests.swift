import Foundation
import Glibc
import GodwitModel
import ProgramTestKit
import Testing

/// A place for backups that is not there, is full, or may not be written: a clear message, and what existed is as it was.
@Suite struct StorageTroubleTests {
    @Test func aDirectoryThatIsMissing() async throws {
        let workspace = try Workspace()
        let storage = "file://\(workspace.path("nowhere"))"
        for command in [
            ["backup", "create", "b", "--cluster", Shop.source], ["restore", "create", "--from-backup", "b"],
            ["backup", "describe", "b"],
        ] {
            let run = try await workspace.godwit(command + ["--storage", storage])
            #expect(run.status == 1 && run.errors.contains("next:"), "\(run)")
            #expect(!FileManager.default.fileExists(atPath: workspace.path("nowhere")))
        }
    }

    @Test func aNameThatIsTaken() async throws {
        let shop = try await Shop(Workspace()).backedUp("b").restored("r", to: "out")
        let before = try snapshot(shop)
        let backup = try await shop.godwit("backup", "create", "b", "--cluster", Shop.source)
        #expect(backup.status == 1 && backup.errors.contains("backup 'b' exists already"), "\(backup)")
        let other = try await shop.godwit("backup", "create", "b", "--cluster", Shop.source, "--format", "velero")
        #expect(other.status == 1 && other.errors.contains("backup 'b' exists already"), "\(other)")
        let restore = try await shop.restore("r", to: "again")
        #expect(restore.status == 1 && restore.errors.contains("restore 'r' exists already"), "\(restore)")
        #expect(try snapshot(shop) == before)
    }

    @Test(arguments: [
        "Upper", "under_score", "-dash", "a/b", "..", "a..b/../c", "ä", String(repeating: "a", count: 300),
    ])
    func aNameThatCannotBeOne(_ name: String) async throws {
        let shop = try Shop(Workspace())
        let run = try await shop.workspace.godwit(
            "backup", "create", "--cluster", Shop.source, "--storage", shop.storage, "--", name)
        #expect(run.status == 1 || run.status == 2, "\(run)")
        #expect(run.errors.contains("name"), "\(run)")
        #expect(Workspace.files(below: shop.workspace.path("store")).isEmpty)
    }

    @Test func aNamespaceThatDoesNotExist() async throws {
        let shop = try Shop(Workspace())
        let run = try await shop.godwit(
            "backup", "create", "b", "--cluster", Shop.source, "--include-namespaces", "shop,shpo")
        #expect(run.status == 1 && run.errors.contains("there is no namespace 'shpo'"), "\(run)")
        #expect(run.errors.contains("next:"), "\(run)")
        #expect(try await shop.listed().isEmpty)
    }

    /// What stands in it is not in the backup, so the backup is not complete.
    @Test func aManifestThatCannotBeRead() async throws {
        let workspace = try Workspace()
        try workspace.makeFolder("source")
        try workspace.makeFolder("store")
        try workspace.write(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sound, namespace: a}\n", to: "source/sound.yaml")
        try workspace.write("apiVersion: v1\nkind: [ConfigMap\n", to: "source/broken.yaml")
        let create = ["backup", "create", "b", "--cluster", "dir:\(workspace.path("source"))"]
        let storage = ["--storage", "file://\(workspace.path("store"))"]
        let plan = try await workspace.godwit(create + storage + ["--dry-run"])
        #expect(plan.status == 0 && plan.output.contains("not in the backup: broken.yaml"), "\(plan)")
        let run = try await workspace.godwit(create + storage)
        #expect(run.status == 3 && (run.output + run.errors).contains("broken.yaml"), "\(run)")
        let described = try await workspace.godwit(["backup", "describe", "b", "-o", "json"] + storage)
        #expect(described.output.contains("PartiallyFailed"), "\(described)")
    }

    @Test func aDirectoryOfManifestsThatDoesNotExist() async throws {
        let shop = try Shop(Workspace())
        let run = try await shop.godwit("backup", "create", "b", "--cluster", "dir:\(shop.workspace.path("nowhere"))")
        #expect(run.status == 1 && run.errors.contains("No such file or directory"), "\(run)")
        #expect(try await shop.listed().isEmpty)
    }

    @Test(.enabled(if: Workspace.isRoot, "mounting a small file system needs root"))
    func aDiskThatIsFull() async throws {
        let workspace = try Workspace()
        let disk = try workspace.makeFolder("disk")
        try await workspace.withMount("-t tmpfs -o size=256k tmpfs", at: disk) {
            let shop = try await Shop(workspace, store: "disk/store").backedUp("first")
            let source = try workspace.makeFolder("large")
            try Self.writeNoise(kilobytes: 900, to: source)
            let run = try await shop.godwit("backup", "create", "large", "--cluster", "dir:\(source)")
            #expect(run.status == 1 && run.errors.contains("No space left on device"), "\(run)")
            #expect(run.errors.contains("next:"), "\(run)")
            #expect(try await shop.listed() == ["first"])
            #expect(Workspace.files(below: shop.stored("")).allSatisfy { $0.hasPrefix("backups/first/") })
            // What was there is whole, and there is room again.
            try await shop.restored("r", from: "first", to: "out")
            try await shop.backedUp("second")
        }
    }

    @Test(.enabled(if: Workspace.isRoot, "mounting a small file system needs root"))
    func aDiskThatIsFullForARestore() async throws {
        let workspace = try Workspace()
        let disk = try workspace.makeFolder("disk")
        let source = try workspace.makeFolder("large")
        try Self.writeNoise(kilobytes: 900, to: source)
        let shop = try Shop(workspace)
        let backup = try await shop.godwit("backup", "create", "b", "--cluster", "dir:\(source)")
        try #require(backup.status == 0, "\(backup)")
        try await workspace.withMount("-t tmpfs -o size=256k tmpfs", at: disk) {
            let run = try await shop.restore("r", to: "disk/out")
            #expect(run.status == 1 || run.status == 3, "\(run)")
            #expect(run.errors.contains("No space left on device"), "\(run)")
        }
    }

    @Test(.enabled(if: Workspace.isRoot, "mounting a read-only file system needs root"))
    func aDiskThatIsReadOnly() async throws {
        let workspace = try Workspace()
        let disk = try workspace.makeFolder("disk")
        try await workspace.withMount("-t tmpfs -o size=4m tmpfs", at: disk) {
            let shop = try await Shop(workspace, store: "disk/store").backedUp("first")
            let remount = try await workspace.bash("mount -o remount,ro '\(disk)'")
            try #require(remount.status == 0, "\(remount)")
            let run = try await shop.godwit("backup", "create", "second", "--cluster", Shop.source)
            #expect(run.status == 1 && run.errors.contains("Read-only file system"), "\(run)")
            #expect(try await shop.listed() == ["first"])
            let restore = try await shop.restore("r", from: "first", to: "out")
            #expect(restore.status == 1 && restore.errors.contains("Read-only file system"), "\(restore)")
        }
    }

    @Test(.enabled(if: !Workspace.isRoot, "permissions do not stop root"))
    func aDirectoryWithoutPermission() async throws {
        let shop = try await Shop(Workspace()).backedUp("first")
        let folder = shop.stored("backups")
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder)
        let run = try await shop.godwit("backup", "create", "second", "--cluster", Shop.source)
        #expect(run.status == 1 && run.errors.contains("Permission denied"), "\(run)")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder)
        #expect(try await shop.listed() == ["first"])
    }

    /// Path to contents of everything in the store.
    private func snapshot(_ shop: Shop) throws -> [String: Data] {
        let root = shop.stored("")
        return Dictionary(
            uniqueKeysWithValues: Workspace.files(below: root).map {
                ($0, FileManager.default.contents(atPath: root + $0) ?? Data())
            })
    }

    /// ConfigMaps that no compressor makes smaller.
    static func writeNoise(kilobytes: Int, to folder: String) throws {
        for index in 0..<(kilobytes / 120) {
            let noise = Noise.base64(120_000)
            let object: JSONValue = [
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": ["name": .string("noise-\(index)"), "namespace": "noise"],
                "data": ["noise": .string(noise)],
            ]
            try Data(object.serialized()).write(to: URL(fileURLWithPath: "\(folder)/\(index).json"))
        }
    }
}

extension Workspace {
    /// Mounts something for as long as the work takes.
    func withMount(_ options: String, at path: String, _ work: () async throws -> Void) async throws {
        let mount = try await bash("mount \(options) '\(path)'")
        try #require(mount.status == 0, "\(mount)")
        let result: Result<Void, any Error>
        do {
            try await work()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        _ = try await bash("umount '\(path)'")
        try result.get()
    }
}
