@testable import BtrfsSnapshotter
import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import ProgramTestKit
import Testing

/// A btrfs file system in a file, mounted through a loop device; unmounted with the last reference.
final class LoopFilesystem: Sendable {
    let workspace: Workspace
    let root: String

    /// Why these tests are passed over here; nil when they can run.
    static let obstacle: String? = {
        guard Workspace.isRoot else { return "only root may mount file systems" }
        guard FileManager.default.isExecutableFile(atPath: "/usr/sbin/mkfs.btrfs") else {
            return "there is no mkfs.btrfs: scripts/bootstrap test"
        }
        do {
            _ = try LoopFilesystem()
            return nil
        } catch {
            return "this kernel mounts no btrfs on a loop device: \(error)"
        }
    }()

    struct MountError: Error, CustomStringConvertible {
        let description: String
    }

    init() throws {
        workspace = try Workspace()
        root = try workspace.makeFolder("btrfs")
        let image = workspace.path("image")
        try Self.run("truncate", "-s", "400M", image)
        try Self.run("/usr/sbin/mkfs.btrfs", "-q", image)
        try Self.run("mount", "-o", "loop", image, root)
    }

    deinit { try? Self.run("umount", "-l", root) }

    static func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw MountError(description: String(decoding: text, as: UTF8.self))
        }
    }

    func path(_ name: String) -> String { "\(root)/\(name)" }

    func open(_ more: [String: String] = [:]) async throws -> BtrfsSnapshotter {
        let own = ["directory": path(".snapshots"), "node": "node-1"]
        let opened = try await BtrfsProvider().open(own.merging(more) { _, new in new })
        return try #require(opened as? BtrfsSnapshotter)
    }

    /// What is in the folder of the snapshots, finished or not.
    var kept: [String] {
        get throws {
            let folder = path(".snapshots")
            guard FileManager.default.fileExists(atPath: folder) else { return [] }
            return try FileManager.default.contentsOfDirectory(atPath: folder)
        }
    }

    /// A new volume: a subvolume, or a directory in one.
    func makeVolume(isSubvolume: Bool) throws -> String {
        let volume = path("volume-\(UUID().uuidString)")
        if isSubvolume {
            try Self.run("btrfs", "-q", "subvolume", "create", volume)
        } else {
            try FileManager.default.createDirectory(atPath: volume, withIntermediateDirectories: false)
        }
        return volume
    }

    func removeVolume(_ volume: String) throws {
        guard FileManager.default.fileExists(atPath: volume) else { return }
        if try BtrfsDirectory(volume).isSubvolume {
            try Self.run("btrfs", "-q", "subvolume", "delete", volume)
        } else {
            try FileManager.default.removeItem(atPath: volume)
        }
    }

    static func persistentVolume(_ path: String, type: String = "local", node: String = "node-1") -> KubernetesObject {
        var object = KubernetesObject([
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": ["name": "pv", "labels": ["a": "b"]],
            "spec": [
                "capacity": ["storage": "1Gi"], "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain", "claimRef": ["namespace": "shop", "name": "data"],
            ],
        ])
        object[path: "spec", type] = ["path": .string(path)]
        if !node.isEmpty {
            object[path: "spec", "nodeAffinity"] = [
                "required": [
                    "nodeSelectorTerms": [
                        [
                            "matchExpressions": [
                                ["key": "kubernetes.io/hostname", "operator": "In", "values": [.string(node)]]
                            ]
                        ]
                    ]
                ]
            ]
        }
        return object
    }

    func subject(isSubvolume: Bool) -> SnapshotterSubject {
        var subject = SnapshotterSubject(
            missingVolume: path("missing"), missingSnapshot: "01234567-89ab-cdef-0123-456789abcdef",
            open: { [self] in try await open() },
            makeVolume: { [self] in Self.persistentVolume(try makeVolume(isSubvolume: isSubvolume)) },
            removeVolume: { [self] in try removeVolume($0) })
        subject.content = SnapshotterSubject.Content(
            write: { text, volume in
                try FileManager.default.createDirectory(
                    atPath: "\(volume)/below", withIntermediateDirectories: true)
                try text.write(toFile: "\(volume)/below/text", atomically: false, encoding: .utf8)
            }, read: { try String(contentsOfFile: "\($0)/below/text", encoding: .utf8) },
            readDirectory: { try String(contentsOfFile: "\($0)/below/text", encoding: .utf8) })
        subject.tags = { [self] id in try await open().folder.entry(id)?.tags ?? [:] }
        subject.snapshots = { [self] volume in
            Set(try await open().folder.entries().filter { $0.value.volume == volume }.keys)
        }
        return subject
    }
}
