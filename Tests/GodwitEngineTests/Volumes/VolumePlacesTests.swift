import Foundation
import GodwitModel
import Streams
import Testing

@testable import GodwitEngine

/// Where volumes are found on this machine, and where they are not looked for.
@Suite struct VolumePlacesTests {
    private let folder: String
    private var places = VolumePlaces(node: "node-1")

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("places-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func made(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        return "\(folder)/\(name)"
    }

    private func volume(
        _ type: String, path: String = "", _ change: (inout ClaimedVolume) -> Void = { _ in }
    )
        -> ClaimedVolume
    {
        var volume = ClaimedVolume(claim: ClaimName(namespace: "shop", name: "data"))
        volume.volumeName = "pv-1"
        volume.source = VolumeSource(type: type)
        volume.source?.path = path
        change(&volume)
        return volume
    }

    private func path(_ reach: VolumeReach) -> String? {
        if case .reachable(let path, _) = reach { path } else { nil }
    }

    private func reason(_ reach: VolumeReach) -> String? {
        if case .unreachable(let reason) = reach { reason } else { nil }
    }

    @Test func hostPathAndLocalVolumesOfThisNode() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let directory = try made("here")
        for type in ["hostPath", "local"] {
            #expect(path(try places.reach(toBackUp: volume(type, path: directory))) == directory)
            let missing = try places.reach(toBackUp: volume(type, path: directory + "-not"))
            #expect(try #require(reason(missing)).contains("no directory"))
        }
        // A hostPath is made for a restore, as a kubelet would; a disk that is not mounted is not made up.
        #expect(path(try places.reach(toRestore: volume("hostPath", path: directory + "-new"))) == directory + "-new")
        #expect(reason(try places.reach(toRestore: volume("local", path: directory + "-new"))) != nil)
    }

    @Test func aDirectoryOfAnotherNodeIsNotTakenForIt() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let directory = try made("here")
        let elsewhere = volume("hostPath", path: directory) { $0.nodes = ["node-2"] }
        #expect(try #require(reason(try places.reach(toBackUp: elsewhere))).contains("node-2"))
        #expect(reason(try places.reach(toRestore: elsewhere)) != nil)
        let byPod = volume("hostPath", path: directory) {
            $0.pods = [.init(name: "p", uid: "u", node: "node-2", wish: nil)]
        }
        #expect(reason(try places.reach(toBackUp: byPod)) != nil)
        let qualified = volume("hostPath", path: directory) { $0.nodes = ["node-1.example.com"] }
        #expect(path(try places.reach(toBackUp: qualified)) == directory)
    }

    @Test func theKubeletsMounts() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var places = places
        places.kubeletRoot = folder
        places.isMounted = { _ in true }
        let disk = try made("pods/u-1/volumes/kubernetes.io~aws-ebs/pv-1")
        let mounting: (inout ClaimedVolume) -> Void = {
            $0.pods = [.init(name: "p", uid: "u-1", node: "node-1", wish: nil)]
        }
        #expect(path(try places.reach(toBackUp: volume("awsElasticBlockStore", mounting))) == disk)
        #expect(reason(try places.reach(toBackUp: volume("awsElasticBlockStore"))) != nil)
        try FileManager.default.removeItem(atPath: disk)
        let driver = try made("pods/u-1/volumes/kubernetes.io~csi/pv-1/mount")
        #expect(path(try places.reach(toBackUp: volume("csi", mounting))) == driver)
    }

    /// A container that was started before the kubelet mounted something sees the directory without what is in it.
    @Test func aDirectoryWithoutItsMountIsNoVolume() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var places = places
        places.kubeletRoot = folder
        _ = try made("pods/u-1/volumes/kubernetes.io~csi/pv-1/mount")
        let volume = volume("csi") { $0.pods = [.init(name: "p", uid: "u-1", node: "node-1", wish: nil)] }
        for reach in [try places.reach(toBackUp: volume), try places.reach(toRestore: volume)] {
            #expect(try #require(reason(reach)).contains("HostToContainer"), "\(reach)")
        }
        #expect(try MountTable.current().hasMount(at: "/proc"))
        #expect(try !MountTable.current().hasMount(at: folder))
    }

    /// The kernel gives the table in pieces, as a pipe does.
    @Test func theTableOfMountsIsReadToItsEnd() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let pipe = "\(folder)/mountinfo"
        try #require(mkfifo(pipe, 0o600) == 0)
        async let writing: Void = BlockingPool.shared.run {
            let writer = try FileHandle(forWritingTo: URL(fileURLWithPath: pipe))
            for number in 1...3 {
                try writer.write(contentsOf: Data("\(number) 1 0:1 / /m\(number) rw - tmpfs none rw\n".utf8))
                usleep(200_000)
            }
            try writer.close()
        }
        let table = try await BlockingPool.shared.run { try MountTable.current(in: pipe) }
        #expect(table.mounts.map(\.point) == ["/m1", "/m2", "/m3"])
        try await writing
    }

    /// What the system will not show is not taken for absent.
    @Test func whatCannotBeLookedAtIsToldWithTheReason() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var places = places
        let loop = "\(folder)/loop"
        try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: "loop")
        let unseen = try places.reach(toBackUp: volume("local", path: loop + "/below"))
        #expect(try #require(reason(unseen)).contains("symbolic links"), "\(unseen)")
        places.kubeletRoot = loop
        let mounting: (inout ClaimedVolume) -> Void = {
            $0.pods = [.init(name: "p", uid: "u-1", node: "node-1", wish: nil)]
        }
        let unlisted = try places.reach(toBackUp: volume("csi", mounting))
        #expect(try #require(reason(unlisted)).contains("cannot look into \(loop)/pods/u-1"), "\(unlisted)")
    }

    @Test func aNamedDirectoryComesFirst() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var places = places
        let directory = try made("named")
        let volume = volume("csi")
        #expect(try #require(reason(try places.reach(toBackUp: volume))).contains("--volume-path shop/data=DIR"))
        places.named[volume.claim] = directory
        #expect(path(try places.reach(toBackUp: volume)) == directory)
        #expect(path(try places.reach(toRestore: volume)) == directory)
    }

    @Test func aManifestDirectoryHasItsOwnFolderAndNothingElse() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var places = places
        places.manifestDirectory = folder
        let own = try made(".volumes/shop/data")
        #expect(path(try places.reach(toBackUp: volume("hostPath", path: "/"))) == own)
        try FileManager.default.removeItem(atPath: own)
        #expect(reason(try places.reach(toBackUp: volume("hostPath", path: "/"))) != nil)
        #expect(path(try places.reach(toRestore: volume("hostPath", path: "/"))) == own)
    }

    @Test func mountedExports() {
        let table = MountTable(
            parsing: """
                22 1 0:20 / / rw,relatime - ext4 /dev/vda rw
                40 22 0:45 / /mnt/all\\040of\\040it rw,relatime shared:1 - nfs4 10.0.0.1:/export rw,vers=4.2
                41 22 0:46 / /mnt/deep rw - nfs 10.0.0.1:/export/deep rw
                42 22 0:47 / /mnt/six rw - nfs4 [fd00::1]:/ rw
                garbage
                43 22 0:48 / /mnt/fuse rw - fuse.x 10.0.0.9:/export rw
                """)
        #expect(table.mounts.count == 5)
        #expect(table.directory(ofServer: "10.0.0.1", path: "/export/a/b") == "/mnt/all of it/a/b")
        #expect(table.directory(ofServer: "10.0.0.1", path: "/export/") == "/mnt/all of it")
        #expect(table.directory(ofServer: "10.0.0.1", path: "/export/deep/x") == "/mnt/deep/x")
        #expect(table.directory(ofServer: "10.0.0.1", path: "/exported") == nil)
        #expect(table.directory(ofServer: "fd00::1", path: "/x") == "/mnt/six/x")
        #expect(table.directory(ofServer: "10.0.0.9", path: "/export") == nil)
    }
}
