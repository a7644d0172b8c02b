import Foundation
import GodwitModel
import KubernetesClient
import Synchronization
import VolumeRepository

/// What a backup does about the data of volumes.
public struct VolumeBackupSettings: Sendable {
    /// Moves the data.
    public var mover: any VolumeDataMover
    /// Which volumes.
    public var rules: VolumeBackupRules

    /// Settings.
    public init(mover: any VolumeDataMover, rules: VolumeBackupRules) {
        self.mover = mover
        self.rules = rules
    }
}

/// The part of a backup that takes the data of volumes, after the items.
final class VolumeBackupStage: Sendable {
    private let request: BackupRequest
    private let catalog: APIResourceCatalog
    private let recorder: RunRecorder
    private let snapshots = Mutex<[String]>([])

    init(_ prepared: PreparedBackup, recorder: RunRecorder) {
        request = prepared.request
        catalog = prepared.catalog
        self.recorder = recorder
    }

    /// Takes the data of the volumes that the rules choose. One that fails is recorded, and the rest goes on.
    ///
    /// - Returns: a row for each claim of the backup.
    /// - Throws: `CancellationError`, and the source's error when it refuses the login.
    func run(_ survey: VolumeSurvey) async throws -> [VolumeRecord] {
        let volumes = try await Self.volumes(survey, request.cluster, catalog) { [recorder] in recorder.warn($0) }
        guard let settings = request.volumes else { return volumes.map(withoutData) }
        for (pod, names) in survey.unclaimed {
            recorder.warn(
                "it asks for the data of \(names), which is no volume of a claim and not in the backup", about: pod)
        }
        for claim in settings.rules.named.subtracting(volumes.map(\.claim)).sorted() {
            recorder.fail("a directory was named for it, and it is not in the backup", about: claim.item)
        }
        var records: [VolumeRecord] = []
        for volume in volumes {
            try Task.checkCancellation()
            let decision = settings.rules.decision(for: volume)
            var record = VolumeRecord(volume, decision)
            if decision.method == .fsBackup {
                try await backUp(volume, &record, settings.mover)
            } else if decision.isRemarkable {
                recorder.warn("its data is not in the backup: \(decision.reason)", about: volume.claim.item)
            }
            records.append(record)
        }
        return records
    }

    private func withoutData(_ volume: ClaimedVolume) -> VolumeRecord {
        guard request.format == .velero else {
            return VolumeRecord(volume, VolumeDecision(.skip, "the data of volumes was not asked for"))
        }
        let decision = VolumeDecision(.skip, "the data of volumes needs the format godwit")
        if let pod = volume.pods.first(where: { $0.wish == .included }) {
            recorder.warn("pod '\(pod.name)' asks for its data: \(decision.reason)", about: volume.claim.item)
        }
        return VolumeRecord(volume, decision)
    }

    /// What the survey saw, with PersistentVolumes that the filters left out read from the cluster.
    static func volumes(
        _ survey: VolumeSurvey, _ cluster: any Cluster, _ catalog: APIResourceCatalog, warn: (String) -> Void
    ) async throws -> [ClaimedVolume] {
        try await survey.volumes { name in
            guard let resource = catalog[.persistentVolumes] else { return nil }
            do {
                let item = try await cluster.get(resource, namespace: nil, name: name)
                return try item.map { try KubernetesObject(parsing: $0.bytes) }
            } catch {
                if error is CancellationError || (error as? ClusterError)?.kind == .unauthorized { throw error }
                warn("PersistentVolume '\(name)' cannot be read, so nobody knows where its data is: \(error)")
                return nil
            }
        }
    }

    private func backUp(
        _ volume: ClaimedVolume, _ record: inout VolumeRecord, _ mover: any VolumeDataMover
    ) async throws {
        let item = volume.claim.item
        let remarks = VolumeRemarks(recorder, item)
        recorder.begin("volume \(volume.claim)")
        let lifetime = TimeInterval(request.backup.spec.timeToLive.components.seconds)
        let order = VolumeBackupOrder(backup: request.backup.name, expires: Date().addingTimeInterval(lifetime))
        do {
            let (data, changing) = try await mover.backUp(volume, order, observer: remarks.observer)
            snapshots.withLock { $0.append(data.snapshot) }
            record.data = data
            record.phase = data.totals.errors == 0 ? .completed : .partiallyFailed
            if changing > 0 { recorder.warn("\(changing) files changed or vanished while they were read", about: item) }
            if data.totals.errors > 0 {
                let error = "\(data.totals.errors) entries are missing or incomplete; \(remarks.first ?? "see the log")"
                record.error = error
                recorder.fail(error, about: item)
            }
            recorder.info(
                "\(data.totals.files) files, \(data.totals.bytes) bytes, \(data.totals.newBytes) new, from \(data.path)",
                about: item)
        } catch {
            // An error of a request that was cut off by the cancellation says nothing of the volume.
            try Task.checkCancellation()
            if (error as? ClusterError)?.kind == .unauthorized { throw error }
            record.error = "\(error)".printable
            recorder.fail("its data is not in the backup: \(record.error ?? "")", about: item)
        }
    }

    /// Tells that the backup exists, so that its snapshots stay.
    func keepSnapshots() { snapshots.withLock { $0 = [] } }

    /// Ends the stage; the snapshots of a backup that came to nothing go. Works in a cancelled task.
    func end() async {
        guard let mover = request.volumes?.mover else { return }
        let snapshots = snapshots.withLock { $0 }
        let recorder = recorder
        await Task {
            if !snapshots.isEmpty {
                do {
                    try await mover.forget(snapshots: snapshots)
                } catch {
                    recorder.warn(
                        "snapshots of volumes stay behind; remove them with 'godwit repository forget "
                            + "\(snapshots.map { $0.prefix(12) }.joined(separator: " "))': \(error)")
                }
            }
            await mover.close()
        }.value
    }
}
