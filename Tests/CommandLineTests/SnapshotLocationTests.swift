import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// The named places of snapshots.
@Suite struct SnapshotLocationTests {
    @Test func namesAreKeptBesideThoseOfBackups() async throws {
        let workspace = try Workspace()
        let store = try workspace.makeFolder("store")
        let backups = try await workspace.godwit("backup-location", "set", "here", "file://\(store)")
        try #require(backups.status == 0, "\(backups)")
        let set = try await workspace.godwit(
            "snapshot-location", "set", "main", "velero.io/aws", "--config", "region=eu-west-1,profile=backup",
            "--config", "timeout=60")
        #expect(set.status == 0 && set.output.contains("godwit.io/ebs"), "\(set)")
        let listed = try await workspace.godwit("snapshot-location", "get", "-o", "json")
        #expect(
            try JSONValue(parsing: listed.output) == [
                [
                    "name": "main", "provider": "godwit.io/ebs",
                    "config": ["region": "eu-west-1", "profile": "backup", "timeout": "60"],
                ]
            ])
        let names = try await workspace.godwit("backup-location", "get", "-o", "name")
        #expect(names.output == "here\n")
        // A change of the one leaves the other alone.
        _ = try await workspace.godwit("backup-location", "set", "there", "file://\(store)")
        let table = try await workspace.godwit("volume-snapshot-location", "get", "main")
        #expect(table.output.contains("profile=backup,region=eu-west-1,timeout=60"), "\(table)")
        #expect(try await workspace.godwit("snapshot-location", "delete", "main").status == 0)
        #expect(try await workspace.godwit("snapshot-location", "get", "-o", "json").output == "[]\n")
        #expect(try await workspace.godwit("snapshot-location", "delete", "main").status == 2)
        let path = workspace.path("home/.config/godwit/config.json")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test(
        arguments: [
            (["nobody.example.com/x"], "nobody.example.com/x"), (["aws", "--config", "region=a,colour=red"], "colour"),
            (["aws", "--config", "region=A/B"], "region"),
            (["godwit.io/btrfs", "--config", "directory=/proc"], "btrfs"),
            (["godwit.io/btrfs"], "directory"),
        ] as [([String], String)])
    func whatCannotWorkIsNotKept(_ arguments: [String], word: String) async throws {
        let workspace = try Workspace()
        let run = try await workspace.godwit(["snapshot-location", "set", "x"] + arguments)
        #expect([1, 2].contains(run.status) && run.errors.contains(word), "\(run)")
        #expect(try await workspace.godwit("snapshot-location", "get", "-o", "json").output == "[]\n")
    }

    @Test func optionsThatExcludeEachOther() async throws {
        let workspace = try Workspace()
        let store = "file://\(try workspace.makeFolder("store"))"
        for options in [
            ["--snapshot-volumes=false", "--snapshot-move-data"], ["--volume-data=false", "--snapshot-volumes"],
            ["--format", "velero", "--snapshot-move-data"], ["--csi-snapshot-timeout", "soon"],
            ["--snapshot-volumes=true"], ["--volume-snapshot-locations", "unknown"],
        ] {
            let run = try await workspace.godwit(
                ["backup", "create", "b", "--cluster", Shop.source, "--storage", store] + options)
            #expect(run.status == 2, "\(run)")
        }
        let plain = try await workspace.godwit(
            "backup", "create", "b", "--cluster", Shop.source, "--storage", store, "--snapshot-volumes=false")
        #expect(plain.status == 0, "\(plain)")
    }
}
