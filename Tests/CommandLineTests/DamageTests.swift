import Foundation
import ProgramTestKit
import Testing

/// Stored files that rot: `verify` says which, a restore brings the rest back or says why it cannot, nothing traps.
@Suite struct DamageTests {
    private static let files = [
        "b.tar.zst", "b-index.ndjson.zst", "b-results.json.zst", "b-logs.ndjson.zst", "b-volumes.json.zst",
        "godwit-backup.json",
    ]

    /// A place in a file, in parts of its length.
    private static let places = [0.0, 0.31, 0.62, 0.999]

    private func damage(_ path: String, _ change: (inout Data) -> Void) throws {
        var data = try #require(FileManager.default.contents(atPath: path))
        change(&data)
        try data.write(to: URL(fileURLWithPath: path))
    }

    /// Damaged in any way, a backup is never believed: `verify` fails and names the file.
    private func expectNoticed(_ shop: Shop, _ file: String, _ what: String) async throws {
        let verify = try await shop.godwit("backup", "verify", "b")
        #expect(verify.status == 1, "\(what): \(verify)")
        let isMetadata = file == "godwit-backup.json"
        #expect((verify.output + verify.errors).contains(isMetadata ? "metadata" : file), "\(what): \(verify)")
    }

    @Test(arguments: files) func aFlippedBit(in file: String) async throws {
        let shop = try await Shop(Workspace()).backedUp("b")
        let path = shop.stored("backups/b/\(file)")
        let sound = try #require(FileManager.default.contents(atPath: path))
        for place in Self.places {
            let offset = min(sound.count - 1, Int(Double(sound.count) * place))
            try sound.write(to: URL(fileURLWithPath: path))
            try damage(path) { $0[offset] ^= 0x10 }
            try await expectNoticed(shop, file, "\(file), bit flipped at \(offset)")
            let restore = try await shop.restore("r-\(offset)", to: "out-\(offset)")
            // Logs and results are not needed to restore.
            let isNeeded = ["b.tar.zst", "b-index.ndjson.zst", "b-volumes.json.zst", "godwit-backup.json"].contains(
                file)
            #expect(isNeeded ? [1, 3].contains(restore.status) : restore.status == 0, "\(offset): \(restore)")
            guard file == "b-volumes.json.zst" else { continue }
            // Without the list of volumes nobody knows what would start on an empty one: the user has to say so.
            #expect(restore.errors.contains("--restore-volumes false"), "\(offset): \(restore)")
            let objects = try await shop.restore("o-\(offset)", to: "out-\(offset)", ["--restore-volumes=false"])
            #expect(objects.status == 0, "\(offset): \(objects)")
        }
        try sound.write(to: URL(fileURLWithPath: path))
        #expect(try await shop.godwit("backup", "verify", "b").status == 0)
    }

    /// Metadata under another name than its own would lead to the files of that other backup.
    @Test(arguments: ["godwit", "velero"]) func aFolderThatWasRenamedByHand(format: String) async throws {
        let workspace = try Workspace()
        let shop = try await Shop(workspace).backedUp("b", "--format", format)
        let copy = try await workspace.bash("cp -r '\(shop.stored("backups/b"))' '\(shop.stored("backups/c"))'")
        try #require(copy.status == 0, "\(copy)")
        for command in [["describe", "c"], ["verify", "c"], ["download", "c"]] {
            let run = try await workspace.godwit(["backup"] + command + ["--storage", shop.storage])
            #expect(run.status == 1 && run.errors.contains("copied or renamed by hand"), "\(command): \(run)")
        }
        #expect(try await shop.restore("r", from: "c", to: "out").status == 1)
        #expect(try await shop.godwit("backup", "verify", "b").status == 0)
        // It does not hide the others, and can be removed.
        let get = try await shop.godwit("backup", "get")
        #expect(get.output.contains("b ") && get.output.contains("c "), "\(get)")
        // Nobody knows which snapshots are its own.
        let delete = try await shop.godwit("backup", "delete", "c", "--confirm")
        #expect(delete.status == 1 && delete.errors.contains("--force"), "\(delete)")
        let forced = try await shop.godwit("backup", "delete", "c", "--confirm", "--force")
        #expect(forced.status == 3, "\(forced)")
        #expect(try await shop.listed() == ["b"])
    }

    @Test(arguments: files) func aTruncatedFile(_ file: String) async throws {
        let shop = try await Shop(Workspace()).backedUp("b")
        let path = shop.stored("backups/b/\(file)")
        let sound = try #require(FileManager.default.contents(atPath: path))
        // The last byte of the metadata is a line end, which nobody would miss.
        for length in [sound.count - 2, sound.count / 2, 0] {
            try sound.prefix(length).write(to: URL(fileURLWithPath: path))
            try await expectNoticed(shop, file, "\(file) cut to \(length)")
        }
        try FileManager.default.removeItem(atPath: path)
        let verify = try await shop.godwit("backup", "verify", "b")
        #expect(verify.status == 1, "\(file) removed: \(verify)")
    }

    @Test func aRestoreBringsBackWhatIsSound() async throws {
        let workspace = try Workspace()
        let source = try workspace.makeFolder("large")
        // Several frames of incompressible content, of which one is damaged.
        try StorageTroubleTests.writeNoise(kilobytes: 12_000, to: source)
        let shop = try Shop(workspace)
        let backup = try await shop.godwit("backup", "create", "b", "--cluster", "dir:\(source)")
        try #require(backup.status == 0, "\(backup)")
        try damage(shop.stored("backups/b/b.tar.zst")) { $0[$0.count / 2] ^= 1 }
        let restore = try await shop.restore("r", to: "out")
        #expect(restore.status == 3, "\(restore)")
        #expect(restore.errors.contains("noise-"), "names what is lost: \(restore)")
        let restored = Workspace.files(below: workspace.path("out/noise/configmaps")).count
        #expect(restored > 50 && restored < 100, "\(restored) of 100")
        let described = try await shop.godwit("restore", "describe", "r")
        #expect(described.output.contains("PartiallyFailed") && described.output.contains("noise-"), "\(described)")
    }

    @Test func oneRottenBackupDoesNotHideTheOthers() async throws {
        let shop = try await Shop(Workspace()).backedUp("a").backedUp("b").backedUp("c")
        try damage(shop.stored("backups/b/godwit-backup.json")) { $0 = $0.prefix(100) }
        let run = try await shop.godwit("backup", "get")
        #expect(run.status == 3, "\(run)")
        #expect(run.output.contains("Damaged") && run.output.contains("a ") && run.output.contains("c "), "\(run)")
        #expect(run.errors.contains("backup 'b' is damaged"), "\(run)")
    }

    @Test func filesOfOthersAreLeftAlone() async throws {
        let workspace = try Workspace()
        let shop = try Shop(workspace)
        for key in ["metadata/revision", "plugins/x", "restic/repo/config", "kopia/repo/x", "README", "backups/README"]
        {
            try workspace.makeFolder("store/" + (key as NSString).deletingLastPathComponent)
            try workspace.write("mine", to: "store/\(key)")
        }
        try await shop.backedUp("b")
        #expect(try await shop.listed() == ["b"])
        let delete = try await shop.godwit("backup", "delete", "b", "--confirm")
        #expect(delete.status == 0, "\(delete)")
        #expect(Workspace.files(below: workspace.path("store")).count == 6)
    }
}
