import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
@testable import PluginHost
import Testing

/// Runs a check of the contract of stores on the store of a program.
///
/// - Parameter overVelero: by Velero's service, also where the program serves Godwit's.
func expectStoreHeld(
    _ check: String, _ location: String, in programs: Programs, overVelero: Bool = false
) async throws {
    let outcome = try await withHost(of: programs) { host -> ContractOutcome in
        let loaded = try await host.load([.objectStore])
        let provider = try #require(loaded.objectStores.first, "\(loaded.failures)")
        var subject = ContractSubject(prefix: "contract/") {
            let opened = try await provider.open(StorageLocation(parsing: location)).store
            guard overVelero, let store = opened as? GodwitObjectStore else { return opened }
            return store.overVelero
        }
        subject.largeSize = 16 << 20
        subject.listedKeys = 600
        return await (try #require(ObjectStoreContract.check(named: check))).run(subject)
    }
    if case .failed(let why) = outcome { Issue.record("\(check): \(why)") }
}

/// Runs the checks of an action's contract.
func expectAllHeld(_ checks: [ActionContractCheck], _ name: String) async {
    for check in checks {
        let outcome = await check.run()
        #expect(outcome == .held, "\(name) \(check.name)")
    }
}

/// Runs a check of the contract of snapshotters on a program whose volumes are the directories below its `root`, and
/// whose snapshots are those below `.snapshots`.
func expectVaultHeld(
    _ check: String, in programs: Programs,
    tags: (@Sendable (_ root: String, _ snapshot: String) throws -> [String: String])? = nil
) async throws {
    let root = programs.directory + "/.vault"
    let outcome = try await withHost(of: programs) { host -> ContractOutcome in
        let provider = try #require(try await host.load([.volumeSnapshotter]).volumeSnapshotters.first)
        var subject = SnapshotterSubject(missingVolume: "volume-none", missingSnapshot: "snapshot-none") {
            try await provider.open(["root": root])
        } makeVolume: {
            let id = "volume-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: "\(root)/\(id)", withIntermediateDirectories: true)
            return KubernetesObject([
                "apiVersion": "v1", "kind": "PersistentVolume",
                "metadata": ["name": .string("pv-\(id.lowercased())")],
                "spec": [
                    "hostPath": ["path": .string("\(root)/\(id)")],
                    "claimRef": ["namespace": "default", "name": "data", "kind": "PersistentVolumeClaim"],
                ],
            ])
        } removeVolume: { id in
            try FileManager.default.removeItem(atPath: "\(root)/\(id)")
        }
        subject.content = SnapshotterSubject.Content { text, id in
            try text.write(toFile: "\(root)/\(id)/file", atomically: true, encoding: .utf8)
        } read: { id in
            try String(contentsOfFile: "\(root)/\(id)/file", encoding: .utf8)
        } readDirectory: { path in
            try String(contentsOfFile: "\(path)/file", encoding: .utf8)
        }
        if let tags { subject.tags = { try tags(root, $0) } }
        subject.snapshots = { _ in
            let folder = "\(root)/.snapshots"
            guard FileManager.default.fileExists(atPath: folder) else { return [] }
            return Set(try FileManager.default.contentsOfDirectory(atPath: folder))
        }
        return await (try #require(VolumeSnapshotterContract.check(named: check))).run(subject)
    }
    if case .failed(let why) = outcome { Issue.record("\(check): \(why)") }
}
