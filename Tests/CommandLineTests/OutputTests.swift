import Foundation
import GodwitModel
import ProgramTestKit
import Testing
import Yams

/// What programs read: `-o json|yaml|name`, on standard output and nothing else there.
@Suite struct OutputTests {
    /// JSON by a parser that is not Godwit's.
    private func json(_ run: ProgramResult) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(run.output.utf8), options: .fragmentsAllowed)
    }

    private func yaml(_ run: ProgramResult) throws -> Any { try #require(try Yams.load(yaml: run.output)) }

    @Test func everyListingAndDescriptionParses() async throws {
        let workspace = try Workspace()
        let shop = try await Shop(workspace).backedUp("b").restored("r", to: "out")
        try await shop.backedUp("c", "--format", "velero")
        for command in [
            ["backup", "get"], ["backup", "get", "b"], ["backup", "describe", "b"],
            ["backup", "describe", "c", "--details"], ["restore", "get"], ["restore", "get", "r"],
            ["restore", "describe", "r"],
        ] {
            let asJSON = try await workspace.godwit(command + ["-o", "json", "--storage", shop.storage])
            let asYAML = try await workspace.godwit(command + ["-o", "yaml", "--storage", shop.storage])
            #expect(asJSON.status == 0 && asJSON.errors.isEmpty, "\(asJSON)")
            #expect(asYAML.status == 0 && asYAML.errors.isEmpty, "\(asYAML)")
            #expect("\(try json(asJSON))".isEmpty == false)
            _ = try yaml(asYAML)
        }
        let names = try await shop.godwit("backup", "get", "-o", "name")
        #expect(names.output == "b\nc\n")
    }

    @Test func aBackupIsVelerosObject() async throws {
        let shop = try await Shop(Workspace()).backedUp("b", "--labels", "team=shop", "--ttl", "24h")
        let run = try await shop.godwit("backup", "get", "b", "-o", "json")
        let backup = try JSONValue(parsing: run.output)
        #expect(backup["apiVersion"] == "velero.io/v1")
        #expect(backup["kind"] == "Backup")
        #expect(backup[path: "metadata", "name"] == "b")
        #expect(backup[path: "metadata", "labels", "team"] == "shop")
        #expect(backup[path: "spec", "ttl"] == "24h0m0s")
        #expect(backup[path: "status", "phase"] == "Completed")
        #expect(backup[path: "status", "progress", "itemsBackedUp"]?.integer ?? 0 > 25)
    }

    @Test func plansParse() async throws {
        let workspace = try Workspace()
        let shop = try await Shop(workspace).backedUp("b")
        let backup = try await workspace.godwit(
            "backup", "create", "c", "--dry-run", "-o", "json", "--cluster", Shop.source, "--storage", shop.storage)
        #expect(backup.status == 0, "\(backup)")
        _ = try json(backup)
        let restore = try await shop.restore("r", to: "out", ["--dry-run", "-o", "yaml"])
        #expect(restore.status == 0, "\(restore)")
        _ = try yaml(restore)
        #expect(!FileManager.default.fileExists(atPath: workspace.path("out")), "a dry run makes no directory")
        #expect(try await shop.listed() == ["b"])
        #expect(try await shop.godwit("restore", "get", "-o", "name").output.isEmpty)
    }

    @Test func progressGoesToStandardErrorWithoutColours() async throws {
        let workspace = try Workspace()
        let shop = try Shop(workspace)
        let run = try await workspace.godwit(
            ["backup", "create", "b", "--cluster", Shop.source, "--storage", shop.storage],
            environment: ["TERM": "xterm-256color"])
        #expect(run.status == 0, "\(run)")
        #expect(run.output.split(separator: "\n").count == 1, "\(run)")
        #expect(!(run.output + run.errors).contains("\u{1B}"), "\(run)")
        #expect(!(run.output + run.errors).contains("\r"), "\(run)")
        let quiet = try await workspace.godwit(
            "backup", "create", "c", "--cluster", Shop.source, "--storage", shop.storage, "-o", "name")
        #expect(quiet.output == "c\n" && quiet.errors.isEmpty, "\(quiet)")
    }

    @Test func aReaderThatGoesAwayIsNoCatastrophe() async throws {
        let workspace = try Workspace()
        let shop = try await Shop(workspace).backedUp("b")
        let run = try await workspace.bash(
            "set +o pipefail; '\(Checkout.godwit)' backup logs b --storage '\(shop.storage)' | head -n 1")
        #expect(run.status == 0 && !run.errors.contains("rror"), "\(run)")
    }

    @Test func locationsAreNamedOnce() async throws {
        let workspace = try Workspace()
        let shop = try await Shop(workspace).backedUp("b")
        let set = try await workspace.godwit("backup-location", "set", "main", shop.storage, "--default")
        #expect(set.status == 0, "\(set)")
        #expect(Workspace.files(below: workspace.path("home")) == [".config/godwit/config.json"])
        #expect(try await workspace.godwit("backup", "get", "-o", "name").output == "b\n")
        #expect(try await workspace.godwit("backup", "get", "--storage-location", "main", "-o", "name").output == "b\n")
        let listed = try await workspace.godwit("backup-location", "get", "-o", "json")
        #expect(try JSONValue(parsing: listed.output).array?.first?["url"]?.string == shop.storage)
        #expect(try await workspace.godwit("backup-location", "delete", "main").status == 0)
        #expect(try await workspace.godwit("backup", "get").status == 2)
    }
}
