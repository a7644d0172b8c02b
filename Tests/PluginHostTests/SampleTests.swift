import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
@testable import PluginHost
import ProgramTestKit
import Testing

/// The samples keep the promises of their kinds, in the programs that integrators would write.
@Suite struct SampleTests {
    private static let checks = ObjectStoreContract.checks.map(\.name)

    /// The Python samples, built once a run.
    private static let python = Task {
        let target = Checkout.cache + "/sample-plugins"
        let workspace = try Workspace()
        let program = try workspace.start(program: Checkout.path("samples/plugins/python/build"), [target])
        let result = await program.wait()
        try #require(result.status == 0, "\(result)")
        return target + "/bin"
    }

    @Test(arguments: checks) func shelf(check: String) async throws {
        let programs = try Programs()
        try programs.add("sample-shelf")
        try await expectStoreHeld(
            check, "plugin://example.com/shelf/bucket?root=\(programs.directory)/.root", in: programs)
    }

    /// The same program as Velero would use it.
    @Test(arguments: checks) func shelfOverVelerosService(check: String) async throws {
        let programs = try Programs()
        try programs.add("sample-shelf")
        try await expectStoreHeld(
            check, "plugin://example.com/shelf/bucket?root=\(programs.directory)/.root", in: programs,
            overVelero: true)
    }

    @Test(arguments: checks) func drawerInPython(check: String) async throws {
        let bin = try await Self.python.value
        let programs = try Programs()
        try FileManager.default.createSymbolicLink(
            atPath: programs.directory + "/drawer", withDestinationPath: bin + "/drawer")
        try await expectStoreHeld(
            check, "plugin://example.com/drawer/bucket?root=\(programs.directory)/.root", in: programs)
    }

    @Test func itemActions() async throws {
        let bin = try await Self.python.value
        let programs = try Programs()
        try programs.add("sample-quieten")
        try FileManager.default.createSymbolicLink(
            atPath: programs.directory + "/labels", withDestinationPath: bin + "/labels")
        try await withHost(of: programs) { host in
            let loaded = try await host.load(Set(PluginKind.allCases))
            #expect(loaded.failures.isEmpty, "\(loaded.failures)")
            #expect(loaded.backupItemActions.map(\.name).sorted() == ["example.com/labels", "example.com/mark"])
            #expect(loaded.restoreItemActions.map(\.name) == ["example.com/quieten"])
            for action in loaded.backupItemActions {
                await expectAllHeld(BackupItemActionContract.checks(action), action.name)
            }
            for action in loaded.restoreItemActions {
                await expectAllHeld(RestoreItemActionContract.checks(action), action.name)
            }
        }
    }

    @Test(arguments: VolumeSnapshotterContract.checks.map(\.name)) func vaultKeepsItsPromises(
        check: String
    ) async throws {
        let programs = try Programs()
        try programs.add("sample-vault")
        try await expectVaultHeld(check, in: programs)
    }

    @Test func vault() async throws {
        let programs = try Programs()
        try programs.add("sample-vault")
        let root = programs.directory + "/.vault"
        try FileManager.default.createDirectory(atPath: root + "/data", withIntermediateDirectories: true)
        try "before".write(toFile: root + "/data/file", atomically: true, encoding: .utf8)
        try await withHost(of: programs) { host in
            let loaded = try await host.load([.volumeSnapshotter])
            let provider = try #require(loaded.volumeSnapshotters.first, "\(loaded.failures)")
            let vault = try await provider.open(["root": root])
            var volume = KubernetesObject([
                "apiVersion": "v1", "kind": "PersistentVolume", "metadata": ["name": "pv-1"],
                "spec": ["hostPath": ["path": .string(root + "/data")]],
            ])
            #expect(try await vault.volumeID(of: volume) == "data")
            #expect(try await vault.volumeInfo("data", zone: nil).type == "directory")
            let snapshot = try await vault.createSnapshot(of: "data", zone: nil, tags: ["backup": "b"])
            try "after".write(toFile: root + "/data/file", atomically: true, encoding: .utf8)
            let copy = try await vault.createVolume(from: snapshot, like: VolumeInfo(), zone: nil)
            #expect(try String(contentsOfFile: "\(root)/\(copy)/file", encoding: .utf8) == "before")
            volume = try await vault.setVolumeID(copy, of: volume)
            #expect(volume[path: "spec", "hostPath", "path"]?.string == "\(root)/\(copy)")
            try await vault.deleteSnapshot(snapshot)
            try await vault.deleteSnapshot(snapshot)
            await #expect(throws: VolumeSnapshotError.self) {
                try await vault.createVolume(from: snapshot, like: VolumeInfo(), zone: nil)
            }
            do {
                _ = try await vault.createSnapshot(of: "../../etc", zone: nil, tags: [:])
                Issue.record("it left its vault")
            } catch let error as VolumeSnapshotError {
                #expect(error.kind == .notFound)
            }
        }
    }
}
