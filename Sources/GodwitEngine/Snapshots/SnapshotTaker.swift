import Foundation
import GodwitModel
import GodwitPluginAPI
import Streams
import Synchronization

/// Takes the snapshots of a backup, several at once, and remembers them until the backup exists.
final class SnapshotTaker: Sendable {
    private struct Taken: Sendable {
        let snapshot: VolumeRecord.StorageSnapshot
        let remove: @Sendable (_ timeout: Duration) async throws -> Void
    }

    private let request: BackupRequest
    private let timeout: Duration
    private let recorder: RunRecorder
    private let taken = Mutex<[Taken]>([])

    /// Snapshots that are waited for at once.
    private static let parallel = 16
    /// Snapshots that are removed at once.
    private static let removals = 8
    /// How long the removal of one may take when somebody waits for the end.
    private static let patience = Duration.seconds(60)

    init(_ request: BackupRequest, timeout: Duration, recorder: RunRecorder) {
        self.request = request
        self.timeout = timeout
        self.recorder = recorder
    }

    /// Takes snapshots. One that fails is a result, and does not stop the rest.
    ///
    /// - Throws: `CancellationError`; what was taken by then is removed by ``discard()``.
    func take(
        _ volumes: [(volume: ClaimedVolume, route: SnapshotRoute)]
    ) async throws -> [ClaimName: Result<VolumeRecord.StorageSnapshot, any Error>] {
        let results = try await volumes.mapConcurrently(limit: Self.parallel) { [self] volume, route in
            let result: Result<VolumeRecord.StorageSnapshot, any Error>
            do {
                recorder.begin("snapshot of volume \(volume.claim)")
                result = .success(try await take(volume, route))
            } catch {
                if Task.isCancelled, let error = error as? VolumeSnapshotError {
                    // It says what a call that was interrupted has left.
                    recorder.warn("interrupted: \(error)".printable, about: volume.claim.item)
                }
                try Task.checkCancellation()
                result = .failure(error)
            }
            return (volume.claim, result)
        }
        return Dictionary(results, uniquingKeysWith: { _, last in last })
    }

    private func take(
        _ volume: ClaimedVolume, _ route: SnapshotRoute
    ) async throws -> VolumeRecord.StorageSnapshot {
        switch route {
        case .storage(let location, let snapshotter, let volumeID, let zone):
            let info = try await snapshotter.volumeInfo(volumeID, zone: zone)
            let asked = Date()
            let id = try await snapshotter.createSnapshot(of: volumeID, zone: zone, tags: tags(volume))
            var snapshot = VolumeRecord.StorageSnapshot(provider: location.provider, id: id)
            snapshot.location = location.name
            snapshot.volumeID = volumeID
            snapshot.zone = zone
            snapshot.info = info
            snapshot.place = (snapshotter as? any SnapshotInspection)?.place ?? ""
            snapshot.taken = asked
            remember(snapshot) { _ in try await snapshotter.deleteSnapshot(id) }
            return snapshot
        case .claim(let claims, let offer):
            let asked = Date()
            let made = try await claims.createSnapshot(
                of: volume.claim, with: offer, labels: tags(volume).labels, timeout: timeout)
            var snapshot = VolumeRecord.StorageSnapshot(provider: claims.name, id: made.handle)
            snapshot.driver = made.driver
            snapshot.snapshotClass = made.snapshotClass
            snapshot.restoreSize = made.restoreSize
            snapshot.taken = asked
            remember(snapshot) { try await claims.deleteSnapshot(made, timeout: $0) }
            return snapshot
        }
    }

    private func remember(
        _ snapshot: VolumeRecord.StorageSnapshot,
        _ remove: @escaping @Sendable (_ timeout: Duration) async throws -> Void
    ) {
        taken.withLock { $0.append(Taken(snapshot: snapshot, remove: remove)) }
    }

    /// As Velero's: the backup's labels, and which backup and volume it is of.
    private func tags(_ volume: ClaimedVolume) -> [String: String] {
        request.backup.labels.merging(
            ["velero.io/backup": request.backup.name, "velero.io/pv": volume.volumeName],
            uniquingKeysWith: { _, own in own })
    }

    /// Deletes a snapshot before the backup exists: its data is elsewhere by then.
    func remove(_ snapshot: VolumeRecord.StorageSnapshot) async throws {
        guard let entry = taken.withLock({ $0.first { $0.snapshot == snapshot } }) else { return }
        try await entry.remove(timeout)
        taken.withLock { $0.removeAll { $0.snapshot == snapshot } }
    }

    /// Tells that the backup exists, or may exist, so that its snapshots stay.
    ///
    /// - Returns: the snapshots.
    @discardableResult
    func keep() -> [VolumeRecord.StorageSnapshot] {
        taken.withLock { taken in
            defer { taken = [] }
            return taken.map(\.snapshot)
        }
    }

    /// Deletes the snapshots of a backup that came to nothing. Works in a cancelled task.
    func discard() async {
        let taken = taken.withLock { taken in
            defer { taken = [] }
            return taken
        }
        guard !taken.isEmpty else { return }
        recorder.begin("removing snapshots")
        recorder.info("removing the \(taken.count == 1 ? "snapshot" : "\(taken.count) snapshots") of the backup")
        let recorder = recorder
        let timeout = min(timeout, Self.patience)
        await Task {
            await withTaskGroup(of: Void.self) { group in
                for (index, entry) in taken.enumerated() {
                    if index >= Self.removals { _ = await group.next() }
                    group.addTask {
                        do {
                            try await entry.remove(timeout)
                        } catch {
                            recorder.warn("\(entry.snapshot.description) stays behind: \("\(error)".printable)")
                        }
                    }
                }
            }
        }.value
    }
}

extension [String: String] {
    /// What of tags can be labels of Kubernetes objects.
    fileprivate var labels: [String: String] {
        mapValues { LabelValue.valid($0) }
    }
}
