import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// `godwit plugin`, as a person at the keyboard meets it.
@Suite struct PluginTests {
    @Test func getListsWhatIsBuiltInAndWhatProgramsOffer() async throws {
        let place = try PluginPlace()
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
        let place = try PluginPlace()
        try place.add("sample-quieten")
        try place.add("hostile-plugin", as: "exits-at-once")
        let list = try await place.workspace.godwit("plugin", "get")
        #expect(list.status == 3, "\(list)")
        #expect(list.output.contains("example.com/quieten"))
        #expect(list.errors.contains("exits-at-once") && list.errors.contains("the licence has expired"), "\(list)")
    }

    @Test func addAndRemove() async throws {
        let place = try PluginPlace()
        let program = PluginPlace.built("sample-quieten")
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
        let place = try PluginPlace()
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
        let place = try PluginPlace()
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
        let place = try PluginPlace()
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
        let place = try PluginPlace()
        try place.add("sample-quieten")
        let other = place.workspace.path("quieten-2")
        try FileManager.default.createSymbolicLink(
            atPath: other, withDestinationPath: PluginPlace.built("sample-quieten"))
        let taken = try await place.workspace.godwit("plugin", "add", other, "--force")
        #expect(taken.status == 2, "\(taken)")
        #expect(taken.errors.contains("is that of '\(place.plugins)/sample-quieten' already"), "\(taken)")
        #expect(taken.errors.contains("'godwit plugin remove sample-quieten'"), "\(taken)")
        #expect(Workspace.files(below: place.plugins) == ["sample-quieten"])
        // In its own place it is.
        let again = try await place.workspace.godwit("plugin", "add", PluginPlace.built("sample-quieten"), "--force")
        #expect(again.status == 0, "\(again)")
    }

    /// `velero-plugin-for-aws` has Velero's name for what is built in as well.
    @Test func aProgramHasVelerosNameAndTheBuiltInPluginStandsInWithoutIt() async throws {
        let place = try PluginPlace()
        let program = place.workspace.path("aws-snapshots")
        try FileManager.default.createSymbolicLink(
            atPath: program, withDestinationPath: PluginPlace.built("hostile-plugin"))
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
        let place = try PluginPlace()
        let program = place.workspace.path("our-name")
        try FileManager.default.createSymbolicLink(
            atPath: program, withDestinationPath: PluginPlace.built("hostile-plugin"))
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
        let place = try PluginPlace()
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
        let place = try PluginPlace()
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
        let place = try PluginPlace()
        let program = place.workspace.path("invalid-json")
        try FileManager.default.createSymbolicLink(
            atPath: program, withDestinationPath: PluginPlace.built("hostile-plugin"))
        let run = try await place.workspace.godwit(
            "plugin", "test", program, "--storage", "plugin://example.com/store/b", "--only", "items")
        #expect(run.status == 1, "\(run)")
        #expect(run.output.contains("failed   items.valid"), "\(run)")
        #expect(run.output.contains("its answer makes no sense"), "\(run)")
    }

    @Test func aProgramOfPluginsSaysWhatItIsFor() async throws {
        let place = try PluginPlace()
        let run = try await place.workspace.start(program: PluginPlace.built("sample-quieten"), []).wait()
        #expect(run.status == 1)
        #expect(run.errors.contains("plugin directory"), "\(run)")
    }
}
