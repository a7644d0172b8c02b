import Foundation
import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Synchronization
import VolumeRepository

/// What a backup does about the data of volumes.
public struct VolumeBackupSettings: Sendable {
    /// Moves the data.
    public var mover: any VolumeDataMover
    /// Which volumes.
    public var rules: VolumeBackupRules
    /// Snapshots of the storage; nil for none.
    public var snapshots: VolumeSnapshotSettings?
    /// How snapshots of claims are mounted to be read.
    public var mounts = ClaimMountSettings()

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
    private let reservation: NameReservation
    private let snapshots = Mutex<[String]>([])
    private let taker: SnapshotTaker

    init(_ prepared: PreparedBackup, reservation: NameReservation, recorder: RunRecorder) {
        request = prepared.request
        self.reservation = reservation
        catalog = prepared.catalog
        self.recorder = recorder
        let timeout = prepared.request.volumes?.snapshots?.timeout ?? .zero
        taker = SnapshotTaker(prepared.request, timeout: timeout, recorder: recorder)
    }

    /// Takes the data of the volumes that the rules choose: snapshots first, so that their moment is near that of the
    /// objects, then files. A volume that fails is recorded, and the rest goes on.
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
        var remarks: Set<String> = []
        var decided: [(volume: ClaimedVolume, record: VolumeRecord, route: SnapshotRoute?)] = []
        for volume in volumes {
            try Task.checkCancellation()
            let (decision, route) = try await decide(volume, settings)
            if let remark = decision.remark, remarks.insert(remark).inserted { recorder.warn(remark) }
            if decision.isRemarkable {
                recorder.warn("its data is not in the backup: \(decision.reason)", about: volume.claim.item)
            }
            decided.append((volume, VolumeRecord(volume, decision), route))
        }
        let routed = decided.compactMap { row in row.route.map { (row.volume, $0) } }
        // Were this run killed from here on, the next one of the name would not know what to look for.
        if !routed.isEmpty { try await reservation.beginSnapshots() }
        let taken = try await taker.take(routed)
        var records: [VolumeRecord] = []
        for (volume, record, route) in decided {
            try Task.checkCancellation()
            var record = record
            if record.method == .fsBackup {
                try await backUp(volume, &record, settings.mover)
            } else if let result = taken[volume.claim] {
                try await take(result, by: route, of: volume, into: &record, settings)
            }
            records.append(record)
        }
        return records
    }

    /// - Throws: the source's error when it refuses the login; others make the volume fail.
    private func decide(
        _ volume: ClaimedVolume, _ settings: VolumeBackupSettings
    ) async throws -> (decision: VolumeDecision, route: SnapshotRoute?) {
        let decision = settings.rules.decision(for: volume, format: request.format)
        guard let snapshots = settings.snapshots else { return (decision, nil) }
        do {
            return try await SnapshotRouter(settings: snapshots, request: request, catalog: catalog)
                .decide(volume, after: decision)
        } catch {
            try Task.checkCancellation()
            if (error as? ClusterError)?.kind == .unauthorized { throw error }
            recorder.fail(
                "nobody knows whether a snapshot of it could be taken: \(error.advisedText.printable)",
                about: volume.claim.item)
            return (decision, nil)
        }
    }

    /// Puts a snapshot into the row, or moves its data first.
    private func take(
        _ result: Result<VolumeRecord.StorageSnapshot, any Error>, by route: SnapshotRoute?, of volume: ClaimedVolume,
        into record: inout VolumeRecord, _ settings: VolumeBackupSettings
    ) async throws {
        let item = volume.claim.item
        switch result {
        case .failure(let error):
            record.error = error.advisedText.printable
            recorder.fail("its snapshot was not taken: \(record.error ?? "")", about: item)
        case .success(let snapshot):
            recorder.info("\(snapshot.description) taken", about: item)
            record.snapshot = snapshot
            record.phase = .completed
            guard settings.snapshots?.movesData == true else { return }
            try await move(snapshot, route, of: volume, into: &record, settings)
        }
    }

    /// Moves the data of a snapshot into the repository, and deletes the snapshot when all of it is there.
    private func move(
        _ snapshot: VolumeRecord.StorageSnapshot, _ route: SnapshotRoute?, of volume: ClaimedVolume,
        into record: inout VolumeRecord, _ settings: VolumeBackupSettings
    ) async throws {
        let item = volume.claim.item
        do {
            try await withFiles(of: snapshot, route, volume, settings) { directory in
                try await backUp(volume, &record, settings.mover, at: directory, asOf: snapshot.taken)
            }
        } catch {
            try Task.checkCancellation()
            if (error as? ClusterError)?.kind == .unauthorized { throw error }
            recorder.warn(
                "the data of its snapshot was not moved and stays in the storage: \(error.advisedText.printable)",
                about: item)
            return
        }
        // Of a volume that could not be read, or not to the end, the snapshot is all there is.
        guard let data = record.data, data.totals.errors == 0 else {
            record.phase = .partiallyFailed
            recorder.warn(
                "\(snapshot.description) has what could not be moved; it stays, and goes with the backup", about: item)
            return
        }
        do {
            try await taker.remove(snapshot)
            record.snapshot = nil
        } catch {
            try Task.checkCancellation()
            recorder.warn(
                "its data is in the repository, and \(snapshot.description) could not be deleted; it goes with the "
                    + "backup: \(error.advisedText.printable)", about: item)
        }
    }

    /// Gives the directory on this machine that has the files of a snapshot.
    ///
    /// - Throws: why there is none.
    private func withFiles(
        of snapshot: VolumeRecord.StorageSnapshot, _ route: SnapshotRoute?, _ volume: ClaimedVolume,
        _ settings: VolumeBackupSettings, _ body: (_ directory: String) async throws -> Void
    ) async throws {
        guard request.format == .godwit else { throw VolumeDataError("that needs the format godwit") }
        switch route {
        case .storage(_, let snapshotter as any SnapshotInspection, _, _):
            guard let directory = try await snapshotter.directory(of: snapshot.id) else {
                throw VolumeDataError("its storage shows no files")
            }
            try await body(directory)
        case .claim(let claims, _):
            guard !volume.isBlock else { throw VolumeDataError("it is a block device, which has no files") }
            let mount = SnapshotMount(
                of: volume.claim, backup: request.backup.name, cluster: ClusterObjects(request.cluster, catalog),
                claims: claims, mover: settings.mover, settings: settings.mounts, recorder: recorder)
            try await mount.with(snapshot.claimSnapshot, body)
        case .storage, nil: throw VolumeDataError("its storage shows no files")
        }
    }

    private func withoutData(_ volume: ClaimedVolume) -> VolumeRecord {
        VolumeRecord(volume, VolumeDecision(.skip, "the data of volumes was not asked for"))
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
        _ volume: ClaimedVolume, _ record: inout VolumeRecord, _ mover: any VolumeDataMover,
        at directory: String? = nil, asOf moment: Date? = nil
    ) async throws {
        let item = volume.claim.item
        let remarks = VolumeRemarks(recorder, item)
        recorder.begin("volume \(volume.claim)")
        let lifetime = TimeInterval(request.backup.spec.timeToLive.components.seconds)
        let order = VolumeBackupOrder(
            backup: request.backup.name, expires: Date().addingTimeInterval(lifetime), directory: directory,
            started: moment)
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
            record.error = error.advisedText.printable
            recorder.fail("its data is not in the backup: \(record.error ?? "")", about: item)
        }
    }

    /// Tells that the backup exists, so that its snapshots stay.
    func keepSnapshots() {
        snapshots.withLock { $0 = [] }
        taker.keep()
    }

    /// Tells that nobody knows whether the backup exists: its snapshots stay, and are named.
    func leaveSnapshots() {
        let kept = snapshots.withLock { snapshots in
            defer { snapshots = [] }
            return snapshots
        }
        let names = taker.keep().map(\.description) + kept.map { "snapshot \($0.prefix(12)) in the repository" }
        guard !names.isEmpty else { return }
        let name = request.backup.name
        recorder.warn(
            "nobody knows whether backup '\(name)' exists, so its snapshots of volumes stay: "
                + "\(names.joined(separator: ", ")). If 'godwit backup get' shows it, 'godwit backup delete \(name)' "
                + "removes it with them; else remove them yourself")
    }

    /// Ends the stage; the snapshots of a backup that came to nothing go. Works in a cancelled task.
    func end() async {
        await taker.discard()
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
