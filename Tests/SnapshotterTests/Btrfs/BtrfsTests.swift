@testable import BtrfsSnapshotter
import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import ProgramTestKit
import Testing

/// Snapshots on a real btrfs.
@Suite(
    .enabled(if: LoopFilesystem.obstacle == nil, Comment(rawValue: LoopFilesystem.obstacle ?? "")), .serialized)
struct BtrfsTests {
    @Test(arguments: VolumeSnapshotterContract.checks.map(\.name), [true, false])
    func contract(check: String, isSubvolume: Bool) async throws {
        let filesystem = try LoopFilesystem()
        let check = try #require(VolumeSnapshotterContract.check(named: check))
        let outcome = await check.run(filesystem.subject(isSubvolume: isSubvolume))
        if case .failed(let why) = outcome { Issue.record("\(check.name): \(why)") }
        // Nothing is left, finished or not.
        let left = try FileManager.default.contentsOfDirectory(atPath: filesystem.path(".snapshots"))
        #expect(left == [])
    }

    @Test func onlyVolumesOfThisMachineAndFileSystemAreKnown() async throws {
        let filesystem = try LoopFilesystem()
        let volume = try filesystem.makeVolume(isSubvolume: true)
        let snapshotter = try await filesystem.open()
        func id(_ object: KubernetesObject, _ snapshotter: BtrfsSnapshotter) async throws -> String? {
            try await snapshotter.volumeID(of: object)
        }
        #expect(try await id(LoopFilesystem.persistentVolume(volume), snapshotter) == volume)
        #expect(try await id(LoopFilesystem.persistentVolume(volume, type: "hostPath"), snapshotter) == volume)
        #expect(try await id(LoopFilesystem.persistentVolume(volume, node: "node-2"), snapshotter) == nil)
        let unbound = LoopFilesystem.persistentVolume(volume, type: "hostPath", node: "")
        #expect(try await id(unbound, snapshotter) == nil)
        #expect(try await id(unbound, try await filesystem.open(["host-path": "true"])) == volume)
        for path in ["/proc", "/", volume + "/missing", volume + "/../..", "relative"] {
            #expect(try await id(LoopFilesystem.persistentVolume(path), snapshotter) == nil)
        }
        let other = try LoopFilesystem()
        let elsewhere = try other.makeVolume(isSubvolume: true)
        #expect(try await id(LoopFilesystem.persistentVolume(elsewhere), snapshotter) == nil)
    }

    @Test func whatASnapshotWouldMissIsRefused() async throws {
        let filesystem = try LoopFilesystem()
        let volume = try filesystem.makeVolume(isSubvolume: true)
        try FileManager.default.createDirectory(atPath: "\(volume)/a/b", withIntermediateDirectories: true)
        try LoopFilesystem.run("btrfs", "-q", "subvolume", "create", "\(volume)/a/b/nested")
        let snapshotter = try await filesystem.open()
        let error = await #expect(throws: VolumeSnapshotError.self) {
            _ = try await snapshotter.createSnapshot(of: volume, zone: nil, tags: [:])
        }
        #expect(error?.kind == .invalidConfiguration)
        #expect(error?.reason?.contains("a/b/nested") == true)
        // Beside it there is none.
        let beside = "\(volume)/a/c"
        try FileManager.default.createDirectory(atPath: beside, withIntermediateDirectories: true)
        _ = try await snapshotter.createSnapshot(of: beside, zone: nil, tags: [:])
        // A volume that is the whole file system holds our own snapshots, and that is no obstacle.
        let own = try LoopFilesystem()
        let whole = try await own.open()
        _ = try await whole.createSnapshot(of: own.root, zone: nil, tags: [:])
        let second = try await whole.createSnapshot(of: own.root, zone: nil, tags: [:])
        #expect(try await whole.exists(second))
    }

    /// Modes, owners, links, holes and attributes come along, also where files are copied by sharing.
    @Test(arguments: [true, false]) func everythingComesAlong(isSubvolume: Bool) async throws {
        let filesystem = try LoopFilesystem()
        let volume = try filesystem.makeVolume(isSubvolume: isSubvolume)
        let script = """
            cd \(volume)
            head -c 3000000 /dev/urandom >noise; ln noise linked; ln -s noise symbolic; mkfifo pipe
            truncate -s 50M hole; echo x >mine; chown 1234:4321 mine; chmod 4750 mine; setfattr -n user.a -v b mine
            mkdir -p deep/er; touch -d 2001-02-03 deep/er/old
            """
        try await bash(filesystem, script)
        let snapshotter = try await filesystem.open(["volumes": filesystem.path("restored")])
        let snapshot = try await snapshotter.createSnapshot(of: volume, zone: nil, tags: [:])
        let copy = try await snapshotter.createVolume(from: snapshot, like: VolumeInfo(), zone: nil)
        #expect(copy.hasPrefix(filesystem.path("restored") + "/"))
        try await bash(
            filesystem,
            """
            diff <(cd \(volume) && find . ! -type p ! -type d -exec sha256sum {} + | sort) \
                <(cd \(copy) && find . ! -type p ! -type d -exec sha256sum {} + | sort)
            list() { (cd "$1" && find . -mindepth 1 -printf '%p %y %m %U %G %n %s %T@ %l\\n' | sort); }
            diff <(list \(volume)) <(list \(copy))
            getfattr -n user.a --only-values \(copy)/mine | grep -qx b
            test $(stat -c %b \(copy)/hole) -lt 100
            """)
        try await snapshotter.deleteSnapshot(snapshot)
    }

    @Test func settingsThatCannotWorkAreRefused() async throws {
        let filesystem = try LoopFilesystem()
        let onDisk = try filesystem.workspace.makeFolder("elsewhere")
        for settings in [
            [:], ["directory": "relative"], ["directory": "/proc/none"], ["directory": onDisk],
            ["directory": filesystem.root, "colour": "red"], ["directory": filesystem.root, "host-path": "perhaps"],
        ] {
            let error = await #expect(throws: VolumeSnapshotError.self) { _ = try await BtrfsProvider().open(settings) }
            #expect(error?.kind == .invalidConfiguration)
        }
    }

    private func bash(_ filesystem: LoopFilesystem, _ script: String) async throws {
        let run = try await filesystem.workspace.bash(script)
        try #require(run.status == 0, "\(run)")
    }
}
