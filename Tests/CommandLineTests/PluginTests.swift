import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// Plugins that are programs, as a person at the keyboard meets them.
@Suite struct PluginTests {
    /// A workspace with a directory of programs and a directory of manifests.
    private struct Place {
        let workspace: Workspace
        let plugins: String
        let storage: String

        init() throws {
            workspace = try Workspace()
            plugins = try workspace.makeFolder("home/.local/share/godwit/plugins")
            storage = "file://" + (try workspace.makeFolder("store"))
            try workspace.makeFolder("manifests")
            try workspace.write(Self.manifests, to: "manifests/all.yaml")
        }

        /// Puts a program of the build into the default directory.
        func add(_ program: String, as name: String? = nil) throws {
            try FileManager.default.createSymbolicLink(
                atPath: "\(plugins)/\(name ?? program)", withDestinationPath: Self.built(program))
        }

        static func built(_ program: String) -> String { Checkout.built(program) }

        func backUp(_ name: String, _ more: String...) async throws -> ProgramResult {
            try await workspace.godwit(
                ["backup", "create", name, "--cluster", "dir:\(workspace.path("manifests"))", "--storage", storage]
                    + more)
        }

        private static let manifests = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: settings, namespace: shop}
            data: {colour: red}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: words, namespace: shop}
            data: {word: "ünï"}
            ---
            apiVersion: batch/v1
            kind: CronJob
            metadata: {name: nightly, namespace: shop}
            spec:
              schedule: "0 3 * * *"
              suspend: false
              jobTemplate: {spec: {template: {spec: {containers: [{name: main, image: "example.com/nightly:1"}]}}}}
            """
    }

    @Test func getListsWhatIsBuiltInAndWhatProgramsOffer() async throws {
        let place = try Place()
        try place.add("sample-quieten")
        try place.add("sample-shelf")
        let list = try await place.workspace.godwit("plugin", "get")
        #expect(list.status == 0, "\(list)")
        for word in [
            "godwit.io/s3", "built in", "example.com/quieten", "RestoreItemAction", "example.com/mark",
            "plugin://example.com/shelf/…", "sample-shelf",
        ] { #expect(list.output.contains(word), "\(word): \(list)") }
        let json = try await place.workspace.godwit("plugin", "get", "-o", "json")
        let rows = try #require(try JSONValue(parsing: json.output).array)
        #expect(
            rows.contains {
                $0["name"]?.string == "example.com/shelf" && $0["kind"]?.string == "ObjectStore"
                    && $0["program"]?.string == "\(place.plugins)/sample-shelf"
            })
    }

    @Test func aBrokenProgramIsTold() async throws {
        let place = try Place()
        try place.add("sample-quieten")
        try place.add("hostile-plugin", as: "exits-at-once")
        let list = try await place.workspace.godwit("plugin", "get")
        #expect(list.status == 3, "\(list)")
        #expect(list.output.contains("example.com/quieten"))
        #expect(list.errors.contains("exits-at-once") && list.errors.contains("the licence has expired"), "\(list)")
    }

    @Test func addAndRemove() async throws {
        let place = try Place()
        let program = Place.built("sample-quieten")
        let directory = place.workspace.path("mine")
        let added = try await place.workspace.godwit("plugin", "add", program, "--plugin-dir", directory)
        #expect(added.status == 0, "\(added)")
        #expect(added.output.contains("RestoreItemAction example.com/quieten added"), "\(added)")
        #expect(Workspace.files(below: directory) == ["sample-quieten"], "nothing unfinished is left")
        let again = try await place.workspace.godwit("plugin", "add", program, "--plugin-dir", directory)
        #expect(again.status == 2, "\(again)")
        let forced = try await place.workspace.godwit("plugin", "add", program, "--force", "--plugin-dir", directory)
        #expect(forced.status == 0, "\(forced)")
        let none = try await place.workspace.godwit("plugin", "add", "/bin/true", "--plugin-dir", directory)
        #expect(none.status == 1 && none.errors.contains("before it said where it listens"), "\(none)")
        let removed = try await place.workspace.godwit(
            "plugin", "remove", "example.com/mark", "--confirm", "--plugin-dir", directory)
        #expect(removed.status == 0, "\(removed)")
        #expect(Workspace.files(below: directory) == [])
        let missing = try await place.workspace.godwit(
            "plugin", "remove", "example.com/mark", "--confirm", "--plugin-dir", directory)
        #expect(missing.status == 2, "\(missing)")
    }

    @Test func testReportsWhatHeld() async throws {
        let place = try Place()
        try place.add("sample-quieten")
        let actions = try await place.workspace.godwit("plugin", "test", "sample-quieten")
        #expect(actions.status == 0, "\(actions)")
        #expect(actions.output.contains("BackupItemAction example.com/mark"), "\(actions)")
        #expect(actions.output.contains("held     calls.concurrent"), "\(actions)")
        #expect(actions.output.contains(" 0 failed"), "\(actions)")
        let builtIn = try await place.workspace.godwit(
            "plugin", "test", "godwit.io/filesystem", "--storage", place.storage, "--only", "content,range", "-o",
            "json")
        #expect(builtIn.status == 0, "\(builtIn)")
        let rows = try #require(try JSONValue(parsing: builtIn.output).array)
        #expect(!rows.isEmpty && rows.allSatisfy { $0["outcome"]?.string == "held" }, "\(builtIn)")
        let nowhere = try await place.workspace.godwit("plugin", "test", "godwit.io/filesystem")
        #expect(nowhere.status == 2 && nowhere.errors.contains("--storage"), "\(nowhere)")
    }

    @Test func allPluginsOfANameAreTested() async throws {
        let place = try Place()
        let both = try await place.workspace.godwit("plugin", "test", "godwit.io/data-volume")
        #expect(both.status == 0, "\(both)")
        for kind in ["BackupItemAction", "RestoreItemAction"] {
            #expect(both.output.contains("\(kind) godwit.io/data-volume"), "\(both)")
        }
        // What 'plugin get' lists is there, even if it cannot be tested.
        for name in ["godwit.io/csi", "godwit.io/host-mapping"] {
            let run = try await place.workspace.godwit("plugin", "test", name)
            #expect(run.status == 2 && run.errors.contains("Godwit's own tests"), "\(run)")
        }
    }

    @Test func aTestOfNothingIsNoSuccess() async throws {
        let place = try Place()
        try place.add("sample-quieten")
        for name in ["godwit.io/pod", "sample-quieten"] {
            let run = try await place.workspace.godwit("plugin", "test", name, "--only", "items,typo")
            #expect(run.status == 2 && run.output.isEmpty, "\(run)")
            #expect(run.errors.contains("no check begins with 'typo'"), "\(run)")
            #expect(run.errors.contains("items.identity"), "what there is: \(run)")
        }
    }

    /// Two programs with the same plugin keep one of them from being used in every backup from then on.
    @Test func whatAnotherProgramOffersIsNotAdded() async throws {
        let place = try Place()
        try place.add("sample-quieten")
        let other = place.workspace.path("quieten-2")
        try FileManager.default.createSymbolicLink(
            atPath: other, withDestinationPath: Place.built("sample-quieten"))
        let taken = try await place.workspace.godwit("plugin", "add", other, "--force")
        #expect(taken.status == 2, "\(taken)")
        #expect(taken.errors.contains("is that of '\(place.plugins)/sample-quieten' already"), "\(taken)")
        #expect(taken.errors.contains("'godwit plugin remove sample-quieten'"), "\(taken)")
        #expect(Workspace.files(below: place.plugins) == ["sample-quieten"])
        // In its own place it is.
        let again = try await place.workspace.godwit("plugin", "add", Place.built("sample-quieten"), "--force")
        #expect(again.status == 0, "\(again)")
    }

    /// `velero-plugin-for-aws` has Velero's name for what is built in as well.
    @Test func aProgramHasVelerosNameAndTheBuiltInPluginStandsInWithoutIt() async throws {
        let place = try Place()
        let program = place.workspace.path("aws-snapshots")
        try FileManager.default.createSymbolicLink(
            atPath: program, withDestinationPath: Place.built("hostile-plugin"))
        func provider() async throws -> String {
            let set = try await place.workspace.godwit(
                "snapshot-location", "set", "main", "velero.io/aws", "--config", "region=eu-west-1")
            #expect(set.status == 0, "\(set)")
            return set.output
        }
        func purpose(_ name: String) async throws -> String? {
            let rows = try await place.workspace.godwit("plugin", "get", "-o", "json")
            return try JSONValue(parsing: rows.output).array?.first {
                $0["name"]?.string == name && $0["kind"] == "VolumeSnapshotter"
            }?["for"]?.string
        }
        #expect(try await provider().contains("is of godwit.io/ebs"))
        #expect(try await purpose("godwit.io/ebs")?.hasSuffix("; also as velero.io/aws") == true)
        let added = try await place.workspace.godwit("plugin", "add", program)
        #expect(
            added.output.contains(
                "VolumeSnapshotter velero.io/aws added; under this name it takes the place of the built-in godwit.io/ebs"
            ), "\(added)")
        #expect(added.output.contains("ObjectStore velero.io/aws added\n"), "a store has its own scheme: \(added)")
        #expect(try await purpose("velero.io/aws") == "in place of godwit.io/ebs, under this name")
        #expect(try await purpose("godwit.io/ebs")?.contains("velero.io/aws") == false)
        #expect(try await provider().contains("is of velero.io/aws"))
        let short = try await place.workspace.godwit("snapshot-location", "set", "short", "aws")
        #expect(short.output.contains("is of velero.io/aws"), "Velero's short form: \(short)")
        // The test is of the one that is used.
        let test = try await place.workspace.godwit("plugin", "test", "velero.io/aws", "--only", "volume.foreign")
        #expect(test.status == 0 && test.output.contains("VolumeSnapshotter velero.io/aws\n  held"), "\(test)")
        let own = try await place.workspace.godwit(
            "snapshot-location", "set", "own", "godwit.io/ebs", "--config", "region=eu-west-1")
        #expect(own.output.contains("is of godwit.io/ebs"), "\(own)")
        let removed = try await place.workspace.godwit("plugin", "remove", "aws-snapshots", "--confirm")
        #expect(removed.status == 0, "\(removed)")
        #expect(try await provider().contains("is of godwit.io/ebs"))
    }

    /// Nobody takes the place of what is built in under Godwit's own names.
    @Test func aProgramWithAnOwnNameOfGodwitsIsNotAdded() async throws {
        let place = try Place()
        let program = place.workspace.path("our-name")
        try FileManager.default.createSymbolicLink(
            atPath: program, withDestinationPath: Place.built("hostile-plugin"))
        let added = try await place.workspace.godwit("plugin", "add", program)
        #expect(added.status == 1, "\(added)")
        #expect(added.errors.contains("'godwit.io/ebs' cannot be its plugin"), "\(added)")
        #expect(Workspace.files(below: place.plugins) == [])
        // Nor is it used where somebody has put it there.
        try place.add("hostile-plugin", as: "our-name")
        let list = try await place.workspace.godwit("plugin", "get")
        #expect(list.status == 3 && list.errors.contains("'godwit.io/ebs' cannot be its plugin"), "\(list)")
        let set = try await place.workspace.godwit(
            "snapshot-location", "set", "main", "godwit.io/ebs", "--config", "region=eu-west-1")
        #expect(set.status == 0, "\(set)")
    }

    /// Backups do not ask such actions anything, so nothing is missing from them.
    @Test func anItemBlockActionThatCannotBeUsedIsAWarning() async throws {
        let place = try Place()
        try place.add("hostile-plugin", as: "no-block-selector")
        let backup = try await place.backUp("b")
        #expect(backup.status == 0, "\(backup)")
        #expect(backup.errors.contains("example.com/block"), "\(backup)")
        #expect(backup.errors.contains("backups do not use it yet"), "\(backup)")
        let describe = try await place.workspace.godwit("backup", "describe", "b", "--storage", place.storage)
        #expect(describe.output.contains("Completed"), "\(describe)")
    }

    /// Nothing is wrong with what was typed.
    @Test func aProgramThatCrashesIsNoWrongUsage() async throws {
        let place = try Place()
        try place.add("hostile-plugin", as: "exits-at-once")
        for arguments in [
            ["backup", "get", "--storage", "plugin://example.com/store/bucket"],
            ["plugin", "test", "example.com/store"],
            ["plugin", "remove", "example.com/store", "--confirm"],
            ["snapshot-location", "set", "x", "example.com/snapshotter"],
        ] {
            let run = try await place.workspace.godwit(arguments)
            #expect(run.status == 1, "\(run)")
            #expect(run.errors.contains("the licence has expired"), "\(run)")
            #expect(run.errors.contains("next: run 'godwit plugin test exits-at-once'"), "\(run)")
        }
    }

    @Test func testReportsWhatFailed() async throws {
        let place = try Place()
        let program = place.workspace.path("invalid-json")
        try FileManager.default.createSymbolicLink(
            atPath: program, withDestinationPath: Place.built("hostile-plugin"))
        let run = try await place.workspace.godwit(
            "plugin", "test", program, "--storage", "plugin://example.com/store/b", "--only", "items")
        #expect(run.status == 1, "\(run)")
        #expect(run.output.contains("failed   items.valid"), "\(run)")
        #expect(run.output.contains("its answer makes no sense"), "\(run)")
    }

    @Test func actionsOfProgramsTakePartInBackupAndRestore() async throws {
        let place = try Place()
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
        let place = try Place()
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
        let place = try Place()
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
        let place = try Place()
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
        let place = try Place()
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
        let place = try Place()
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
        let place = try Place()
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

    @Test func aProgramOfPluginsSaysWhatItIsFor() async throws {
        let place = try Place()
        let run = try await place.workspace.start(program: Place.built("sample-quieten"), []).wait()
        #expect(run.status == 1)
        #expect(run.errors.contains("plugin directory"), "\(run)")
    }
}
