import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// Plugins that are programs, in backups and restores.
@Suite struct PluginBackupTests {
    @Test func actionsOfProgramsTakePartInBackupAndRestore() async throws {
        let place = try PluginPlace()
        try place.add("sample-quieten")
        let backup = try await place.backUp("b")
        #expect(backup.status == 0, "\(backup)")
        let out = place.workspace.path("out")
        let restore = try await place.workspace.godwit(
            "restore", "create", "--from-backup", "b", "--storage", place.storage, "--cluster", "dir:\(out)")
        #expect(restore.status == 0, "\(restore)")
        let text = try Workspace.files(below: out).map { try String(contentsOfFile: "\(out)/\($0)", encoding: .utf8) }
            .joined()
        #expect(text.contains("example.com/backed-up-by"), "\(text)")
        #expect(text.contains("suspend: true") || text.contains("\"suspend\": true"), "\(text)")
        #expect(text.contains("ünï"))
    }

    @Test func whatAProgramDoesWrongIsAnErrorOfTheBackupAndNoMore() async throws {
        let place = try PluginPlace()
        try place.add("hostile-plugin", as: "refuses")
        try place.add("hostile-plugin", as: "garbage-line")
        let backup = try await place.backUp("b")
        #expect(backup.status == 3, "\(backup)")
        #expect(backup.errors.contains("plugin program 'garbage-line' cannot be used"), "\(backup)")
        #expect(backup.errors.contains("the moon is in the wrong house (at oracle.go:42 Ask)"), "\(backup)")
        let describe = try await place.workspace.godwit("backup", "describe", "b", "--storage", place.storage)
        #expect(describe.output.contains("PartiallyFailed"), "\(describe)")
        let logs = try await place.workspace.godwit("backup", "logs", "b", "--storage", place.storage)
        #expect(logs.output.contains("refuses: about to misbehave"), "the program's own lines are there: \(logs)")
        let kept = try await place.workspace.godwit("backup", "delete", "b", "--confirm", "--storage", place.storage)
        #expect(kept.status == 1, "\(kept)")
        #expect(kept.errors.contains("plugin program 'garbage-line' cannot"), "\(kept)")
        #expect(kept.errors.contains("backup 'b' was not deleted") && kept.errors.contains("--force"), "\(kept)")
        let deleted = try await place.workspace.godwit(
            "backup", "delete", "b", "--confirm", "--force", "--storage", place.storage)
        #expect(deleted.status == 3, "it is gone, and something may have stayed behind: \(deleted)")
        #expect(deleted.output.contains("backup 'b' deleted"), "\(deleted)")
        #expect(deleted.errors.contains("plugin program 'garbage-line' cannot"), "\(deleted)")
    }

    @Test func theTimeForOperationsIsRecorded() async throws {
        let place = try PluginPlace()
        let backup = try await place.backUp("b", "--item-operation-timeout", "90m")
        #expect(backup.status == 0, "\(backup)")
        let written = try await place.workspace.godwit(
            "backup", "describe", "b", "-o", "json", "--storage", place.storage)
        #expect(try JSONValue(parsing: written.output)[path: "spec", "itemOperationTimeout"] == "1h30m0s", "\(written)")
        let restore = try await place.workspace.godwit(
            "restore", "create", "r", "--from-backup", "b", "--storage", place.storage, "--cluster",
            "dir:\(place.workspace.path("out"))", "--item-operation-timeout", "4h0m0s", "-o", "json")
        #expect(restore.status == 0, "\(restore)")
        #expect(
            try JSONValue(parsing: restore.output)[path: "spec", "itemOperationTimeout"] == "4h0m0s", "\(restore)")
    }

    /// The protocol has no word for it, and an action may take a snapshot.
    @Test func aDryRunDoesNotCallActionsOfPrograms() async throws {
        let place = try PluginPlace()
        #expect(try await place.backUp("b").status == 0)
        try place.add("hostile-plugin", as: "refuses")
        try place.add("sample-quieten")
        try place.workspace.write(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: {containers: []}\n",
            to: "manifests/pod.yaml")
        let plan = try await place.backUp("c", "--dry-run")
        #expect(plan.status == 0 && plan.errors.contains("a dry run does not call programs"), "\(plan)")
        #expect(!(plan.output + plan.errors).contains("oracle.go"), "\(plan)")
        let restore = try await place.workspace.godwit(
            "restore", "create", "--from-backup", "b", "--cluster", "dir:\(place.workspace.path("out"))", "--storage",
            place.storage, "--dry-run")
        #expect(restore.status == 0 && restore.errors.contains("example.com/quieten"), "\(restore)")
    }

    @Test func aBackupCanBeKeptByAProgram() async throws {
        let place = try PluginPlace()
        try place.add("sample-shelf")
        let location = "plugin://example.com/shelf/bucket/some/prefix?root=\(place.workspace.path("shelf"))"
        for arguments in [
            ["backup", "create", "b", "--cluster", "dir:\(place.workspace.path("manifests"))"], ["backup", "get"],
            ["backup", "verify", "b"],
            ["restore", "create", "--from-backup", "b", "--cluster", "dir:\(place.workspace.path("out"))"],
            ["repository", "init"], ["repository", "check"],
            ["backup", "delete", "b", "--confirm"],
        ] {
            let run = try await place.workspace.godwit(arguments + ["--storage", location])
            #expect(run.status == 0, "\(run)")
        }
        #expect(!Workspace.files(below: place.workspace.path("out")).isEmpty)
        let missing = try await place.workspace.godwit(
            "backup", "get", "--storage", "plugin://example.com/cupboard/bucket")
        #expect(
            missing.status == 2 && missing.errors.contains("there is no plugin 'example.com/cupboard'"), "\(missing)")
    }

    /// The backup completes, or says clearly which items it lacks and why.
    @Test(arguments: [50, 200, 400, 700]) func aProgramThatIsKilledDuringABackup(after milliseconds: Int) async throws {
        let place = try PluginPlace()
        try place.add("sample-quieten")
        let items = (0..<4000).map {
            #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m\#($0)","namespace":"shop"},"data":{"n":"\#($0)"}}"#
        }
        try place.workspace.write(items.joined(separator: "\n---\n"), to: "manifests/many.yaml")
        let run = try place.workspace.start([
            "backup", "create", "b", "--cluster", "dir:\(place.workspace.path("manifests"))", "--storage",
            place.storage,
        ])
        let path = "\(place.plugins)/sample-quieten"
        func processes() async throws -> String {
            try await place.workspace.bash("pgrep -f '^\(path)' || true").output
        }
        while try await processes().isEmpty, run.isRunning { try await Task.sleep(for: .milliseconds(10)) }
        try await Task.sleep(for: .milliseconds(milliseconds))
        _ = try await place.workspace.bash("kill -9 $(pgrep -f '^\(path)') || true")
        let result = await run.wait()
        #expect([0, 3].contains(result.status), "\(result)")
        if result.status == 3 {
            #expect(
                result.errors.contains("plugin example.com/mark (program 'sample-quieten')")
                    || result.errors.contains("it died (signal 9)") || result.errors.contains("ended (signal 9)"),
                "\(result)")
        }
        let verify = try await place.workspace.godwit("backup", "verify", "b", "--storage", place.storage)
        #expect(verify.status == 0, "\(verify)")
    }

    /// The kernel ends a program whose host was killed.
    @Test func noProgramIsLeftBehindWhenGodwitIsKilled() async throws {
        let place = try PluginPlace()
        try place.add("hostile-plugin", as: "hangs-in-call")
        let run = try place.workspace.start([
            "backup", "create", "b", "--cluster", "dir:\(place.workspace.path("manifests"))", "--storage",
            place.storage,
            "--verbose",
        ])
        let path = "\(place.plugins)/hangs-in-call"
        func processes() async throws -> String {
            try await place.workspace.bash("pgrep -f '^\(path)' || true").output
        }
        while try await processes().isEmpty, run.isRunning { try await Task.sleep(for: .milliseconds(50)) }
        #expect(run.isRunning)
        run.signal(SIGKILL)
        _ = await run.wait()
        for _ in 0..<1200 {
            if try await processes().isEmpty { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("it is still there")
    }
}
