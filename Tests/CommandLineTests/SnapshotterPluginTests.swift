import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// `plugin test` of snapshotters in programs, on a volume that the user names.
@Suite struct SnapshotterPluginTests {
    /// The sample's vault with a volume in it, and the volume's PersistentVolume.
    private struct Vault {
        let workspace: Workspace
        let root: String
        let manifest: String

        init() throws {
            workspace = try Workspace()
            let plugins = try workspace.makeFolder("home/.local/share/godwit/plugins")
            root = try workspace.makeFolder("vault")
            try workspace.makeFolder("vault/data")
            try workspace.write("precious", to: "vault/data/file")
            manifest = try workspace.write(
                """
                apiVersion: v1
                kind: PersistentVolume
                metadata: {name: pv-1, labels: {a: b}}
                spec:
                  capacity: {storage: 1Gi}
                  hostPath: {path: \(root)/data}
                """, to: "pv.yaml")
            for program in ["sample-vault", "hostile-plugin"] {
                let name = program == "sample-vault" ? program : "plain-snapshots"
                try FileManager.default.createSymbolicLink(
                    atPath: "\(plugins)/\(name)", withDestinationPath: Checkout.built(program))
            }
        }

        func test(_ more: String..., name: String = "example.com/vault") async throws -> ProgramResult {
            try await workspace.godwit(["plugin", "test", name, "--snapshot-config", "root=\(root)"] + more)
        }

        /// What the storage holds beside the volume of the user.
        var others: Set<String> {
            get throws { Set(try FileManager.default.contentsOfDirectory(atPath: root)).subtracting(["data"]) }
        }

        func expectUntouched() throws {
            #expect(try FileManager.default.contentsOfDirectory(atPath: root + "/data") == ["file"])
            #expect(try String(contentsOfFile: root + "/data/file", encoding: .utf8) == "precious")
            let snapshots = root + "/.snapshots"
            guard FileManager.default.fileExists(atPath: snapshots) else { return }
            #expect(try FileManager.default.contentsOfDirectory(atPath: snapshots) == [])
        }
    }

    private static func outcomes(_ run: ProgramResult) throws -> [String: JSONValue] {
        let rows = try #require(try JSONValue(parsing: run.output).array)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["check"]?.string ?? "", $0) })
    }

    @Test func everythingThatAGivenVolumeAllows() async throws {
        let vault = try Vault()
        let run = try await vault.test("--persistent-volume", vault.manifest, "-o", "json")
        #expect(run.status == 0, "\(run)")
        let rows = try Self.outcomes(run)
        for check in [
            "volume.id", "volume.foreign", "volume.rewrite", "volume.unsuited", "volume.info", "volume.missing",
            "snapshot.independent", "snapshot.missing", "snapshot.hostile", "delete.gone", "delete.twice",
            "concurrent.snapshots",
        ] { #expect(rows[check]?["outcome"] == "held", "\(check): \(run)") }
        #expect(rows["snapshot.outlives"]?["why"] == "it would have to remove the volume that was given", "\(run)")
        try vault.expectUntouched()
        // All that is there is told, so that somebody can remove it.
        let told = rows.values.flatMap { $0["remains"]?.array ?? [] }.compactMap(\.string)
        let others = try vault.others.subtracting([".snapshots"])
        #expect(!others.isEmpty && Set(told) == Set(others.map { "volume \($0)" }), "\(run)")
        for volume in others { #expect(run.errors.contains("leaves volume \(volume) behind"), "\(run)") }
    }

    @Test func withoutThePersistentVolumeWhatIsAboutItIsSkipped() async throws {
        let vault = try Vault()
        let run = try await vault.test("--volume", "data", "-o", "json")
        #expect(run.status == 0 && run.errors.contains("--persistent-volume"), "\(run)")
        let rows = try Self.outcomes(run)
        for check in ["volume.id", "volume.rewrite"] {
            #expect(rows[check]?["why"] == "it needs a PersistentVolume, and none was given", "\(run)")
        }
        #expect(rows["volume.info"]?["outcome"] == "held" && rows["delete.twice"]?["outcome"] == "held", "\(run)")
        try vault.expectUntouched()
    }

    @Test func withoutAVolumeWhatNeedsNoneIsTested() async throws {
        let vault = try Vault()
        let run = try await vault.test("-o", "json")
        #expect(run.status == 0 && run.errors.contains("--volume"), "\(run)")
        let held = try Self.outcomes(run).filter { $0.value["outcome"] == "held" }.map(\.key)
        #expect(
            Set(held) == [
                "volume.foreign", "volume.unsuited", "volume.missing", "snapshot.missing", "delete.missing",
            ], "\(run)")
        #expect(try vault.others == [], "it made nothing")
        // Where only such checks are asked for as need a volume, nothing was tested, which is no success.
        let nothing = try await vault.test("--only", "volume.id,snapshot.content")
        #expect(nothing.status == 2 && nothing.output.contains("0 held, 0 failed, 2 skipped"), "\(nothing)")
        #expect(nothing.errors.contains("nothing of 'example.com/vault' was tested"), "\(nothing)")
    }

    @Test func aVolumeThatIsNotThereIsToldOnce() async throws {
        let vault = try Vault()
        let missing = try await vault.test("--volume", "date")
        #expect(missing.status == 1 && missing.output.isEmpty, "\(missing)")
        #expect(missing.errors.contains("volume 'date' cannot be used for the test"), "\(missing)")
        #expect(missing.errors.contains("not found") && missing.errors.contains("--volume-az"), "\(missing)")
        let foreign = try vault.workspace.write(
            "{apiVersion: v1, kind: PersistentVolume, metadata: {name: far}, spec: {hostPath: {path: /elsewhere}}}",
            to: "far.yaml")
        let other = try await vault.test("--persistent-volume", foreign)
        #expect(other.status == 1 && other.errors.contains("PersistentVolume 'far' is none of"), "\(other)")
        let bare = try await vault.workspace.godwit("plugin", "test", "example.com/vault", "--volume", "data")
        #expect(bare.status == 1 && bare.errors.contains("root is missing"), "\(bare)")
        #expect(bare.errors.contains("--snapshot-config"), "\(bare)")
        #expect(try vault.others == [])
    }

    @Test func brokenPromisesAreFound() async throws {
        let vault = try Vault()
        let run = try await vault.test("--volume", "data", name: "example.com/snapshotter")
        #expect(run.status == 1, "\(run)")
        for check in ["volume.missing", "snapshot.missing", "snapshot.hostile", "delete.gone"] {
            #expect(run.output.contains("failed   \(check)"), "\(check): \(run)")
        }
    }

    @Test func whatMakesNoSenseIsRefused() async throws {
        let vault = try Vault()
        let configMap = try vault.workspace.write("{apiVersion: v1, kind: ConfigMap}", to: "map.yaml")
        for (arguments, words) in [
            (["--volume", "data", "--persistent-volume", vault.manifest], "give one of them"),
            (["--persistent-volume", configMap], "it must hold one PersistentVolume"),
            (["--persistent-volume", "/nowhere"], "cannot read '/nowhere'"), (["--volume", ""], "--volume is empty"),
        ] {
            let run = try await vault.workspace.godwit(
                ["plugin", "test", "example.com/vault", "--snapshot-config", "root=\(vault.root)"] + arguments)
            #expect(run.status == 2 && run.errors.contains(words), "\(run)")
        }
        let action = try await vault.workspace.godwit("plugin", "test", "godwit.io/pod", "--volume", "data")
        #expect(action.status == 2 && action.errors.contains("--volume is for snapshotters"), "\(action)")
    }

    /// Ctrl-C in the middle leaves no snapshot, and names the volumes all the same.
    @Test func anInterruptedTestCleansUp() async throws {
        let vault = try Vault()
        let run = try vault.workspace.start([
            "plugin", "test", "example.com/vault", "--snapshot-config", "root=\(vault.root)", "--persistent-volume",
            vault.manifest,
        ])
        while run.isRunning, try vault.others.subtracting([".snapshots"]).isEmpty {
            try await Task.sleep(for: .milliseconds(2))
        }
        run.signal(SIGINT)
        let result = await run.wait()
        #expect([0, 130].contains(result.status), "\(result)")
        try vault.expectUntouched()
        for volume in try vault.others.subtracting([".snapshots"]) {
            #expect((result.errors + result.output).contains(volume), "\(volume): \(result)")
        }
    }
}
