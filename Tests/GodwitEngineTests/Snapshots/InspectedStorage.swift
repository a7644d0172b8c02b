import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import Synchronization
import VolumeRepository

@testable import GodwitEngine

/// A storage in memory that can be asked, and watched.
final class InspectedStorage: SnapshotInspection {
    let description = "inspected memory"
    let place: String
    private let inner: MemorySnapshotter
    private let asking: @Sendable () throws -> Void
    private let state = Mutex(State())

    private struct State {
        var asked: Date?
        var deletions = 0
        var mostDeletions = 0
    }

    /// - Parameter asking: what it throws is thrown where it is asked for a snapshot.
    init(_ inner: MemorySnapshotter, place: String = "here", asking: @escaping @Sendable () throws -> Void = {}) {
        self.inner = inner
        self.place = place
        self.asking = asking
    }

    /// When a snapshot was last asked for.
    var asked: Date? { state.withLock { $0.asked } }
    /// The most deletions that went on at once.
    var mostDeletions: Int { state.withLock { $0.mostDeletions } }

    func volumeID(of persistentVolume: KubernetesObject) async throws -> String? {
        try await inner.volumeID(of: persistentVolume)
    }

    func setVolumeID(_ id: String, of persistentVolume: KubernetesObject) async throws -> KubernetesObject {
        try await inner.setVolumeID(id, of: persistentVolume)
    }

    func volumeInfo(_ id: String, zone: String?) async throws -> VolumeInfo {
        try await inner.volumeInfo(id, zone: zone)
    }

    func createSnapshot(of volumeID: String, zone: String?, tags: [String: String]) async throws -> String {
        state.withLock { $0.asked = Date() }
        return try await inner.createSnapshot(of: volumeID, zone: zone, tags: tags)
    }

    func createVolume(from snapshotID: String, like info: VolumeInfo, zone: String?) async throws -> String {
        try await inner.createVolume(from: snapshotID, like: info, zone: zone)
    }

    func deleteSnapshot(_ id: String) async throws {
        state.withLock { state in
            state.deletions += 1
            state.mostDeletions = max(state.mostDeletions, state.deletions)
        }
        defer { state.withLock { $0.deletions -= 1 } }
        try await Task.sleep(for: .milliseconds(20))
        try await inner.deleteSnapshot(id)
    }

    func exists(_ snapshotID: String) async throws -> Bool {
        try asking()
        return inner.snapshots[snapshotID] != nil
    }

    func directory(of snapshotID: String) async throws -> String? { "/snapshots/\(snapshotID)" }
}

/// Pretends to read the files of volumes.
final class MoverFake: VolumeDataMover {
    private let errors: Int64
    private let orders = Mutex<[VolumeBackupOrder]>([])

    private let restoring: (@Sendable (ClaimName) throws -> Void)?

    /// - Parameters:
    ///   - errors: entries that cannot be read.
    ///   - restoring: is told of each claim that is filled; what it throws is what that throws. Without it none can be.
    init(
        errors: Int64 = 0, mountingNode: String? = nil, restoring: (@Sendable (ClaimName) throws -> Void)? = nil
    ) {
        self.errors = errors
        self.mountingNode = mountingNode
        self.restoring = restoring
    }

    /// What it was told to read.
    var given: [VolumeBackupOrder] { orders.withLock { $0 } }

    let mountingNode: String?

    func reach(toBackUp volume: ClaimedVolume) async throws -> VolumeReach { .unreachable("a fake") }

    func reach(toRestore volume: ClaimedVolume) async throws -> VolumeReach {
        restoring == nil ? .unreachable("a fake") : .reachable(at: "/nowhere", by: .named)
    }

    func backUp(
        _ volume: ClaimedVolume, _ order: VolumeBackupOrder, observer: VolumeObserver
    ) async throws -> (data: VolumeRecord.Data, changing: Int) {
        orders.withLock { $0.append(order) }
        var data = VolumeRecord.Data(repository: "r", snapshot: "s")
        data.totals.errors = errors
        return (data, 0)
    }

    func restore(
        _ volume: ClaimedVolume, from data: VolumeRecord.Data, _ order: VolumeRestoreOrder, observer: VolumeObserver
    ) async throws -> VolumeRestoreResult {
        try restoring?(volume.claim)
        return VolumeRestoreResult()
    }

    func forget(snapshots: [String]) async throws {}

    func close() async {}
}
