@testable import CSISnapshotter
import Foundation
import GodwitModel
import GodwitPluginAPI
import ProgramTestKit
import Testing

/// Snapshots of claims on a real API server; a driver is played.
@Suite(.enabled(if: CSISite.isThere, "needs the testbed"), .serialized)
struct CSITests {
    private static let timeout = Duration.seconds(180)

    /// Expects a failure that comes when time is up, for a reason that the player has to say before.
    ///
    /// How soon it says so depends on what else the machine does: it gets more and more time.
    private static func expectFailure(
        saying reason: String, _ attempt: (_ timeout: Duration) async throws -> Void
    ) async -> VolumeSnapshotError? {
        var error: VolumeSnapshotError?
        for timeout in [2, 10, 60] {
            error = await #expect(throws: VolumeSnapshotError.self) { try await attempt(.seconds(timeout)) }
            if error?.reason?.contains(reason) == true { return error }
        }
        Issue.record("'\(reason)' is not why: \(String(describing: error))")
        return error
    }

    @Test(arguments: ["Delete", "Retain"]) func thereAndBack(policy: String) async throws {
        try await CSISite.with { site in
            try await site.makeClass("fast", policy: policy)
            let claim = try await site.makeClaim("data", holding: "before")
            let offer = try #require(
                try await site.snapshotter.offer(
                    for: try await site.object(of: claim), volume: try await site.volume(of: claim),
                    backup: Backup(name: "b")))
            #expect(offer == ClaimSnapshotOffer(driver: site.driver, snapshotClass: "fast-\(site.suffix)"))
            let snapshot = try await site.snapshotter.createSnapshot(
                of: claim, with: offer, labels: ["velero.io/backup": "b"], timeout: Self.timeout)
            #expect(snapshot.driver == site.driver && snapshot.restoreSize == 2_147_483_648)
            await site.player.write("after", to: "vol-data-\(site.suffix)")
            // Only the storage's snapshot is left, whatever the class says.
            try await eventually("the objects are gone") { try await site.hasNoObjects() }
            #expect(await site.player.snapshots[snapshot.handle] == "before")

            let second = ClaimName(namespace: site.namespace, name: "second")
            var object = KubernetesObject([
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "metadata": ["name": "second", "namespace": .string(site.namespace)],
                "spec": [
                    "accessModes": ["ReadWriteOnce"], "storageClassName": .string(site.driver),
                    "resources": ["requests": ["storage": "1Gi"]], "volumeName": "pv-of-old",
                ],
            ])
            object = site.snapshotter.claim(object, from: snapshot, named: "for-second")
            #expect(object[path: "spec", "resources", "requests", "storage"] == "2147483648")
            #expect(site.snapshotter.snapshotName(of: object) == "for-second")
            try await site.player.create(.persistentVolumeClaims, site.namespace, object)
            for _ in 1...2 {
                // Again, as after a run that was cut off: nothing changes.
                try await site.snapshotter.provide(
                    snapshot, as: "for-second", in: site.namespace, labels: ["a": "b"], timeout: Self.timeout)
            }
            #expect(try await site.content(of: second) == "before")
            #expect(try await site.contents(.source).map { $0[path: "spec", "deletionPolicy"] } == ["Retain"])
            // Who deletes the restored objects does not delete the backup's snapshot.
            try await site.kubectl(.source, "delete", "volumesnapshot", "for-second", "-n", site.namespace)
            #expect(await site.player.snapshots[snapshot.handle] == "before")

            for _ in 1...2 {
                try await site.snapshotter.deleteSnapshot(snapshot, timeout: Self.timeout)
                #expect(await site.player.snapshots[snapshot.handle] == nil)
            }
        }
    }

    @Test func theClassIsChosenAsVelerosIs() async throws {
        try await CSISite.with { site in
            let claim = try await site.makeClaim("data", holding: "x")
            var object = try await site.object(of: claim)
            let volume = try await site.volume(of: claim)
            var backup = Backup(name: "b")
            // A snapshotter reads the classes once, so each question has its own.
            func choice() async throws -> String? {
                try await CSISnapshotter(cluster: site.snapshotter.cluster)
                    .offer(for: object, volume: volume, backup: backup)?.snapshotClass
            }
            func name(_ short: String) -> String { "\(short)-\(site.suffix)" }
            try await site.makeClass("other", driver: "other.example.com")
            #expect(try await choice() == nil)
            try await site.makeClass("one")
            #expect(try await choice() == name("one"))
            try await site.makeClass("two")
            let error = await #expect(throws: VolumeSnapshotError.self) { _ = try await choice() }
            #expect(error?.kind == .invalidConfiguration)
            #expect(error?.reason?.contains("velero.io/csi-volumesnapshot-class") == true)
            try await site.makeClass(
                "standard", annotations: ["snapshot.storage.kubernetes.io/is-default-class": "true"])
            #expect(try await choice() == name("standard"))
            try await site.makeClass("labelled", labels: ["velero.io/csi-volumesnapshot-class": "true"])
            #expect(try await choice() == name("labelled"))
            backup.annotations["velero.io/csi-volumesnapshot-class_\(site.driver)"] = name("two")
            #expect(try await choice() == name("two"))
            object.annotations["velero.io/csi-volumesnapshot-class"] = name("one")
            #expect(try await choice() == name("one"))
            for wrong in [name("other"), "missing"] {
                object.annotations["velero.io/csi-volumesnapshot-class"] = wrong
                let error = await #expect(throws: VolumeSnapshotError.self) { _ = try await choice() }
                #expect(error?.kind == .invalidConfiguration)
            }
            var plain = volume
            plain[path: "spec", "csi"] = nil
            let none = try await site.snapshotter.offer(for: object, volume: plain, backup: backup)
            #expect(none == nil)
        }
    }

    @Test func whatFailsLeavesNothing() async throws {
        try await CSISite.with { site in
            try await site.makeClass("fast", policy: "Retain")
            let claim = try await site.makeClaim("data", holding: "x")
            let offer = ClaimSnapshotOffer(driver: site.driver, snapshotClass: "fast-\(site.suffix)")
            await site.player.fail(with: "the array is on fire")
            var error = await Self.expectFailure(saying: "on fire") { timeout in
                _ = try await site.snapshotter.createSnapshot(
                    of: claim, with: offer, labels: [:], timeout: timeout)
            }
            #expect(error?.kind == .unavailable)
            await site.player.fail(with: nil)
            try await eventually("the objects are gone") { try await site.hasNoObjects() }

            // A cluster without the controller.
            await site.player.sleep(true)
            error = await #expect(throws: VolumeSnapshotError.self) {
                _ = try await site.snapshotter.createSnapshot(
                    of: claim, with: offer, labels: [:], timeout: .seconds(1))
            }
            #expect(error?.reason?.contains("snapshot controller") == true)
            let lost = ClaimSnapshot(driver: site.driver, handle: "snap-x")
            error = await #expect(throws: VolumeSnapshotError.self) {
                try await site.snapshotter.deleteSnapshot(lost, timeout: .seconds(1))
            }
            #expect(error?.reason?.contains("no driver") == true)
            await site.player.sleep(false)

            // A controller that is slow: it has made a content, and has not said so yet.
            await site.player.silence(true)
            error = await #expect(throws: VolumeSnapshotError.self) {
                _ = try await site.snapshotter.createSnapshot(
                    of: claim, with: offer, labels: [:], timeout: .seconds(1))
            }
            #expect(error?.kind == .unavailable)
            try await eventually("nothing is left by a silent controller") {
                let left = await site.player.snapshots
                return try await site.hasNoObjects() && left.isEmpty
            }
            await site.player.silence(false)

            // Cut off at any time: no snapshot that nobody knows.
            for wait in [0, 30, 100, 300, 700] {
                let task = Task {
                    try await site.snapshotter.createSnapshot(
                        of: claim, with: offer, labels: [:], timeout: Self.timeout)
                }
                try await Task.sleep(for: .milliseconds(wait))
                task.cancel()
                do {
                    let snapshot = try await task.value
                    try await site.snapshotter.deleteSnapshot(snapshot, timeout: Self.timeout)
                } catch is CancellationError {}
                try await eventually("nothing is left after \(wait) ms") {
                    let left = await site.player.snapshots
                    return try await site.hasNoObjects() && left.isEmpty
                }
            }

            // A snapshot that is gone: its objects do not stay.
            _ = await Self.expectFailure(saying: "can not find snapshot") { timeout in
                try await site.snapshotter.provide(
                    lost, as: "lost", in: site.namespace, labels: [:], timeout: timeout)
            }
            try await eventually("the objects are gone") { try await site.hasNoObjects() }
            // Deleting it is done.
            #expect(try await !site.snapshotter.deleteSnapshot(lost, timeout: Self.timeout))
            #expect(try await site.hasNoObjects())
        }
    }

    /// What an unfinished restore of another backup has made is not taken for this one's.
    @Test func objectsOfAnotherSnapshotAreNotUsed() async throws {
        try await CSISite.with { site in
            try await site.makeClass("fast")
            let claim = try await site.makeClaim("data", holding: "x")
            let offer = ClaimSnapshotOffer(driver: site.driver, snapshotClass: "fast-\(site.suffix)")
            var snapshots: [ClaimSnapshot] = []
            for _ in 0..<2 {
                snapshots.append(
                    try await site.snapshotter.createSnapshot(
                        of: claim, with: offer, labels: [:], timeout: Self.timeout))
            }
            func provide(_ snapshot: ClaimSnapshot) async throws {
                try await site.snapshotter.provide(
                    snapshot, as: "one", in: site.namespace, labels: [:], timeout: Self.timeout)
            }
            try await provide(snapshots[0])
            try await provide(snapshots[0])
            let error = await #expect(throws: VolumeSnapshotError.self) { try await provide(snapshots[1]) }
            #expect(error?.reason?.contains("stands for snapshot '\(snapshots[0].handle)'") == true, "\(error)")
            // They are as they were.
            try await provide(snapshots[0])
            try await site.snapshotter.withdraw("one", in: site.namespace)
            for snapshot in snapshots { try await site.snapshotter.deleteSnapshot(snapshot, timeout: Self.timeout) }
        }
    }

    /// Only the driver's own word that a snapshot is gone is taken for its deletion.
    @Test func aDeletionThatDidNotHappenIsAnError() async throws {
        try await CSISite.with { site in
            try await site.makeClass("fast")
            let claim = try await site.makeClaim("data", holding: "x")
            let offer = ClaimSnapshotOffer(driver: site.driver, snapshotClass: "fast-\(site.suffix)")
            let snapshot = try await site.snapshotter.createSnapshot(
                of: claim, with: offer, labels: [:], timeout: Self.timeout)
            await site.player.trouble(with: "the list Secret is missing")
            _ = await Self.expectFailure(saying: "the list Secret is missing") { timeout in
                try await site.snapshotter.deleteSnapshot(snapshot, timeout: timeout)
            }
            try await eventually("the objects are gone") { try await site.hasNoObjects() }
            #expect(await site.player.snapshots.count == 1)
            // Nor is the end of a content that somebody deleted before the driver had seen it.
            await site.player.trouble(with: nil)
            await site.player.sleep(true)
            let name = CSISnapshotter.contentName("delete", snapshot.driver, snapshot.handle)
            var content = SnapshotObjects.content(
                name, snapshot, reference: ("default", name), class: nil, deletes: true, labels: [:])
            content["apiVersion"] = "snapshot.storage.k8s.io/v1"
            content["kind"] = "VolumeSnapshotContent"
            try await site.player.create(SnapshotObjects.contents, nil, content)
            try await site.kubectl(.source, "delete", "volumesnapshotcontent", name, "--wait=false")
            let task = Task { try await site.snapshotter.deleteSnapshot(snapshot, timeout: Self.timeout) }
            try await Task.sleep(for: .milliseconds(500))
            await site.player.sleep(false)
            #expect(try await task.value)
            #expect(await site.player.snapshots.isEmpty)
            #expect(await site.player.deletions == 1)
        }
    }

    /// A server that fails while the objects are removed: the snapshot that was taken does not stay.
    @Test(arguments: ["patch", "delete volumesnapshots", "delete volumesnapshotcontents"])
    func whatCannotBeForgottenIsDeleted(call: String) async throws {
        try await CSISite.with { site in
            try await site.makeClass("fast", policy: "Retain")
            let claim = try await site.makeClaim("data", holding: "x")
            let offer = ClaimSnapshotOffer(driver: site.driver, snapshotClass: "fast-\(site.suffix)")
            for isAnswerLost in [false, true] {
                let cluster = FailingAccess(site.snapshotter.cluster, at: call, isAnswerLost: isAnswerLost)
                let error = await #expect(throws: VolumeSnapshotError.self) {
                    _ = try await CSISnapshotter(cluster: cluster).createSnapshot(
                        of: claim, with: offer, labels: [:], timeout: Self.timeout)
                }
                #expect(error?.reason == "as the test asked")
                try await eventually("nothing is left") {
                    let left = await site.player.snapshots
                    return try await site.hasNoObjects() && left.isEmpty
                }
            }
        }
    }

    /// A snapshot may take hours, and an API server that is started again meanwhile loses none.
    @Test(arguments: ["get volumesnapshots", "get volumesnapshotcontents"])
    func anOutageWhileASnapshotIsWaitedForIsRiddenOut(call: String) async throws {
        try await CSISite.with { site in
            try await site.makeClass("fast")
            let claim = try await site.makeClaim("data", holding: "x")
            let offer = ClaimSnapshotOffer(driver: site.driver, snapshotClass: "fast-\(site.suffix)")
            let cluster = FailingAccess(site.snapshotter.cluster, at: call, isAnswerLost: false)
            let snapshot = try await CSISnapshotter(cluster: cluster).createSnapshot(
                of: claim, with: offer, labels: [:], timeout: Self.timeout)
            #expect(cluster.hasFailed)
            #expect(try await site.snapshotter.deleteSnapshot(snapshot, timeout: Self.timeout))
        }
    }

    /// One failure while the classes are read is not the end for all volumes of a backup.
    @Test func classesAreReadAgainAfterAFailure() async throws {
        try await CSISite.with { site in
            try await site.makeClass("fast")
            let claim = try await site.makeClaim("data", holding: "x")
            let cluster = FailingAccess(site.snapshotter.cluster, at: "list volumesnapshotclasses", isAnswerLost: false)
            let snapshotter = CSISnapshotter(cluster: cluster)
            let (object, volume) = (try await site.object(of: claim), try await site.volume(of: claim))
            await #expect(throws: VolumeSnapshotError.self) {
                _ = try await snapshotter.offer(for: object, volume: volume, backup: Backup(name: "b"))
            }
            let offer = try await snapshotter.offer(for: object, volume: volume, backup: Backup(name: "b"))
            #expect(offer?.snapshotClass == "fast-\(site.suffix)")
        }
    }

    /// The program with a directory as its store, from backup to deletion.
    @Test(.timeLimit(.minutes(15))) func throughTheProgram() async throws {
        try await CSISite.with { site in
            try await site.makeClass("fast")
            let claim = try await site.makeClaim("data", holding: "precious")
            let store = "file://\(try site.workspace.makeFolder("store"))"
            let cluster = ["--kubeconfig", CSISite.Side.source.kubeconfig, "--storage", store]
            let backup = try await site.workspace.godwit(
                ["backup", "create", "b", "--include-namespaces", site.namespace, "--csi-snapshot-timeout", "5m"]
                    + cluster)
            try #require(backup.status == 0, "\(backup)")
            #expect(await site.player.snapshots.values.sorted() == ["precious"])
            let described = try await site.workspace.godwit(
                "backup", "describe", "b", "--details", "-o", "json", "--storage", store)
            let row = try #require(try JSONValue(parsing: described.output)["volumes"]?.array?.first)
            #expect(row["method"] == "snapshot" && row["phase"] == "Completed", "\(row)")
            #expect(row[path: "volumeSnapshot", "driver"] == .string(site.driver), "\(row)")

            let restore = try await site.workspace.godwit(
                [
                    "restore", "create", "r", "--from-backup", "b", "--namespace-mappings",
                    "\(site.namespace):\(site.namespace)-2",
                ] + cluster)
            try #require(restore.status == 0, "\(restore)")
            let copy = ClaimName(namespace: "\(site.namespace)-2", name: "data")
            #expect(try await site.content(of: copy) == "precious")
            #expect(try await site.object(of: copy).annotations[ClaimName.unfilledAnnotation] == nil)
            #expect(try await site.content(of: claim) == "precious")
            // Once more: the claim is there and keeps its volume.
            let again = try await site.workspace.godwit(
                [
                    "restore", "create", "again", "--from-backup", "b", "--namespace-mappings",
                    "\(site.namespace):\(site.namespace)-2",
                ] + cluster)
            #expect(again.status == 0, "\(again)")

            let deletion = try await site.workspace.godwit(["backup", "delete", "b", "--confirm"] + cluster)
            #expect(deletion.status == 0, "\(deletion)")
            #expect(await site.player.snapshots.isEmpty)
        }
    }
}
