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
        #expect(try filesystem.kept == [])
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

    /// `godwit plugin test`, on a volume that is given.
    @Test func pluginTest() async throws {
        let filesystem = try LoopFilesystem()
        let volume = try filesystem.makeVolume(isSubvolume: true)
        let manifest = try filesystem.workspace.write(
            String(decoding: LoopFilesystem.persistentVolume(volume).serialized(), as: UTF8.self), to: "pv.json")
        let run = try await filesystem.workspace.godwit(
            "plugin", "test", "godwit.io/btrfs", "--snapshot-config",
            "directory=\(filesystem.path(".snapshots")),node=node-1", "--persistent-volume", manifest, "-o", "json")
        #expect(run.status == 0, "\(run)")
        let rows = try #require(try JSONValue(parsing: run.output).array)
        #expect(rows.filter { $0["outcome"] == "held" }.count >= 12, "\(run)")
        #expect(try filesystem.kept == [])
        let remains = rows.flatMap { $0["remains"]?.array ?? [] }.compactMap(\.string)
        for thing in remains { try filesystem.removeVolume(String(thing.dropFirst("volume ".count))) }
        let left = try FileManager.default.contentsOfDirectory(atPath: filesystem.root)
        #expect(!remains.isEmpty && Set(left) == [".snapshots", (volume as NSString).lastPathComponent], "\(run)")
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

    /// What is mounted over a directory is not in a snapshot of what the directory is in.
    @Test func whatIsMountedThereIsNotTakenForTheVolume() async throws {
        let filesystem = try LoopFilesystem()
        let snapshotter = try await filesystem.open()
        let mount = filesystem.path("mount")
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: false)
        let sources = [
            // A directory of the same subvolume, and one of another.
            try filesystem.makeVolume(isSubvolume: false), try filesystem.makeVolume(isSubvolume: true) + "/inside",
        ]
        for source in sources {
            try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
            try "precious".write(toFile: source + "/file", atomically: false, encoding: .utf8)
            try LoopFilesystem.run("mount", "--bind", source, mount)
            let error = await #expect(throws: VolumeSnapshotError.self) {
                _ = try await snapshotter.createSnapshot(of: mount, zone: nil, tags: [:])
            }
            try LoopFilesystem.run("umount", mount)
            #expect(error?.kind == .invalidConfiguration && error?.reason?.contains("bind mount") == true)
            #expect(try filesystem.kept == [])
        }
        // A subvolume is itself wherever it is mounted.
        let volume = try filesystem.makeVolume(isSubvolume: true)
        try "precious".write(toFile: volume + "/file", atomically: false, encoding: .utf8)
        try LoopFilesystem.run("mount", "--bind", volume, mount)
        let snapshot = try await snapshotter.createSnapshot(of: mount, zone: nil, tags: [:])
        try LoopFilesystem.run("umount", mount)
        let directory = try #require(try await snapshotter.directory(of: snapshot))
        #expect(try String(contentsOfFile: directory + "/file", encoding: .utf8) == "precious")
    }

    @Test func aLocationIsMadeWithItsFirstSnapshot() async throws {
        let filesystem = try LoopFilesystem()
        let volume = try filesystem.makeVolume(isSubvolume: true)
        let snapshotter = try await filesystem.open()
        #expect(try await snapshotter.volumeID(of: LoopFilesystem.persistentVolume(volume)) == volume)
        #expect(!FileManager.default.fileExists(atPath: filesystem.path(".snapshots")))
        let snapshot = try await snapshotter.createSnapshot(of: volume, zone: nil, tags: [:])
        #expect(try filesystem.kept == [snapshot])
        // The same place, also for another run.
        #expect(try await filesystem.open().place == snapshotter.place)
    }

    /// A deletion that was cut off after the snapshot had lost its name is carried on by the next one.
    @Test func aDeletionThatWasCutOffIsCarriedOn() async throws {
        let filesystem = try LoopFilesystem()
        let volume = try filesystem.makeVolume(isSubvolume: true)
        let snapshotter = try await filesystem.open()
        let snapshot = try await snapshotter.createSnapshot(of: volume, zone: nil, tags: [:])
        let folder = filesystem.path(".snapshots")
        // What nobody expects there keeps the folder from going.
        try "x".write(toFile: "\(folder)/\(snapshot)/other", atomically: false, encoding: .utf8)
        await #expect(throws: VolumeSnapshotError.self) { try await snapshotter.deleteSnapshot(snapshot) }
        await #expect(throws: VolumeSnapshotError.self) { try await snapshotter.deleteSnapshot(snapshot) }
        try FileManager.default.removeItem(atPath: "\(folder)/.unfinished-\(snapshot)/other")
        try await snapshotter.deleteSnapshot(snapshot)
        #expect(try filesystem.kept == [])
    }

    /// The reason of a failure is not lost behind that of the clean-up.
    @Test func bothReasonsAreTold() async throws {
        let filesystem = try LoopFilesystem()
        let volume = try filesystem.makeVolume(isSubvolume: true)
        let snapshotter = try await filesystem.open()
        let folder = SnapshotFolder(path: filesystem.path(".snapshots"))
        let entry = SnapshotFolder.Entry(volume: volume, inside: "", tags: [:], taken: Date())
        let error = #expect(throws: LeftBehind.self) {
            _ = try folder.add(BtrfsDirectory(volume), entry) { content in
                let draft = (content as NSString).deletingLastPathComponent
                try "x".write(toFile: draft + "/other", atomically: false, encoding: .utf8)
                throw BtrfsError("like", volume, EINVAL)
            }
        }
        #expect((error?.cause as? BtrfsError)?.action == "like")
        #expect(error?.what.contains(".unfinished-") == true)
        _ = snapshotter
    }

    /// A line of `cp` for each of very many files does not fill the memory, nor stop it.
    @Test func onlyTheBeginningOfWhatCpSaysIsKept() async throws {
        let workspace = try Workspace()
        // Not btrfs: nothing can be shared, and each file is refused.
        let source = try workspace.makeFolder("source")
        for number in 0..<1500 {
            try "x".write(toFile: "\(source)/file-with-a-long-name-\(number)", atomically: false, encoding: .utf8)
        }
        let error = await #expect(throws: SharedCopy.Failure.self) {
            try await SharedCopy(from: source, to: workspace.path("target")).run()
        }
        #expect(error.map { (1...2000).contains($0.reason.count) } == true)
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
            mkdir in-place in-place/below other; chattr +C in-place in-place/below
            head -c 900000 /dev/urandom >in-place/data; head -c 900000 /dev/urandom >in-place/below/data
            touch in-place/summed; chattr -C in-place/summed; head -c 900000 /dev/urandom >>in-place/summed
            mkdir in-place/plain; chattr -C in-place/plain; head -c 900000 /dev/urandom >in-place/plain/data
            touch other/alone; chattr +C other/alone; head -c 900000 /dev/urandom >>other/alone
            ln other/alone other/a-link; chmod 400 other/alone; printf x >"$(printf 'in-place/\\377')"
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
            flags() { (cd "$1" && lsattr -Rl | sort); }
            flags \(copy) | grep -q '^./other/alone .*No_COW'
            diff <(flags \(volume)) <(flags \(copy))
            # All of it is shared.
            test "$(btrfs filesystem du -s --raw \(copy)/in-place \(copy)/other | awk 'NR > 1 { print $2 }')" = $'0\n0'
            """)
        try await snapshotter.deleteSnapshot(snapshot)
    }

    /// Deeper than directories are kept open, and with more to come after the descent.
    @Test func aDeepTreeIsCopiedToItsEnd() async throws {
        let filesystem = try LoopFilesystem()
        let volume = try filesystem.makeVolume(isSubvolume: false)
        let script = """
            cd \(volume)
            for level in $(seq 150); do
                touch a z; chattr +C a z; head -c 10000 /dev/urandom | tee a >z; mkdir d b; touch b/f; cd d
            done
            """
        try await bash(filesystem, script)
        let snapshotter = try await filesystem.open()
        let snapshot = try await snapshotter.createSnapshot(of: volume, zone: nil, tags: [:])
        let copy = try await snapshotter.createVolume(from: snapshot, like: VolumeInfo(), zone: nil)
        try await bash(
            filesystem,
            """
            diff -r \(volume) \(copy)
            flags() { (cd "$1" && lsattr -Rl | sort); }
            test $(flags \(copy) | grep -c No_COW) = 300
            diff <(flags \(volume)) <(flags \(copy))
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
