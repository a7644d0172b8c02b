import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Streams
import Synchronization
import VolumeRepository

/// The part of a restore that fills volumes: after the claims are there, and before anything that could use them.
final class VolumeRestoreStage: Sendable {
    private struct State {
        /// What became of claims that have a row and were not looked at yet.
        var pending: [(record: VolumeRecord, outcome: ItemOutcome)] = []
        var others: [PlacedVolume]?
    }

    /// Claims that are waited for at once.
    private static let parallel = 16

    let context: ExecutionContext
    let recorder: RestoreRecorder
    let settings: VolumeRestoreSettings
    private let records: [ClaimName: VolumeRecord]
    /// Makes volumes of snapshots.
    let snapshots: SnapshotRestorer
    private let state = Mutex(State())

    init?(_ context: ExecutionContext, recorder: RestoreRecorder) {
        guard let settings = context.request.volumes else { return nil }
        self.context = context
        self.recorder = recorder
        self.settings = settings
        let claimed = settings.records.filter(\.isClaimed)
        records = Dictionary(claimed.map { ($0.claim, $0) }, uniquingKeysWith: { _, last in last })
        let makesVolumes = context.request.cluster.capabilities.controlPlane
        snapshots = SnapshotRestorer(
            makesVolumes ? settings.records : [], settings.snapshots, isDryRun: context.target.isDryRun)
    }

    /// Takes notice of what became of an item.
    func note(_ outcome: ItemOutcome) {
        if outcome.action != .created, let record = snapshots.record(ofVolume: outcome.item),
            let volume = snapshots.noteUnused(record)
        {
            recorder.warn("volume '\(volume)' was made of its snapshot, and nothing uses it", about: outcome.item)
        }
        guard let claim = ClaimName(outcome.item), let record = records[claim] else { return }
        state.withLock { $0.pending.append((record, outcome)) }
    }

    /// Fills the volumes of the claims that were restored since the last call. A failure is recorded, and the rest
    /// goes on.
    ///
    /// What a storage makes of its snapshots is waited for at once. Data keeps this machine busy, one volume after
    /// another.
    ///
    /// - Throws: `CancellationError`.
    func fill() async throws {
        let pending = state.withLock { state in
            defer { state.pending = [] }
            return state.pending.sorted { $0.record.claim < $1.record.claim }
        }
        let awaited = pending.filter { $0.record.source != nil }
        async let made: [Void] = awaited.mapConcurrently(limit: Self.parallel) { [self] in try await fill($0, $1) }
        for (record, outcome) in pending where record.source == nil { try await fill(record, outcome) }
        _ = try await made
    }

    private func fill(_ record: VolumeRecord, _ outcome: ItemOutcome) async throws {
        try Task.checkCancellation()
        let target = ClaimName(namespace: outcome.target.namespace ?? "", name: outcome.target.name)
        var result = VolumeRestoreRecord(claim: record.claim, target: target)
        result.snapshot = record.data?.snapshot
        defer { recorder.record(result) }
        if let snapshot = record.source {
            return try await fill(&result, from: snapshot, record, outcome)
        }
        guard let data = record.data else {
            result.reason = "its data is not in the backup: \(record.error ?? record.reason)"
            if record.phase == .failed { recorder.warn(result.reason ?? "", about: record.claim.item) }
            return
        }
        guard !context.target.isDryRun else {
            result.reason = "dry run"
            return
        }
        let order: VolumeRestoreOrder
        switch self.order(try await action(of: target, outcome), data) {
        case .leave(let reason, let isWarning):
            noteFailure(record, outcome)
            result.reason = reason
            if isWarning { recorder.warn(reason, about: record.claim.item) }
            return
        case .fill(let found): order = found
        }
        let remarks = VolumeRemarks(
            record.claim.item, begin: { [recorder] in recorder.begin($0) },
            tell: { [recorder] in recorder.note($0, isDetail: $1) })
        recorder.begin("volume \(target)")
        do {
            let outcome = try await withVolume(of: target) { [self] volume in
                try await requireFree(volume)
                return try await settings.mover.restore(volume, from: data, order, observer: remarks.observer)
            }
            result.result = outcome
            result.phase = outcome.failures == 0 ? .completed : .partiallyFailed
            try await removeMark(target)
            if outcome.failures > 0 {
                let reason = "\(outcome.failures) entries are not as in the backup; \(remarks.first ?? "see the log")"
                result.reason = reason
                recorder.fail(reason, about: record.claim.item)
            }
        } catch {
            try Task.checkCancellation()
            result.phase = .failed
            result.reason = error.advisedText.printable
            context.unfilled.add(target)
            recorder.fail("its data was not restored: \(result.reason ?? "")", about: record.claim.item)
        }
    }

    /// Sees to it that a claim gets the volume that is made of its snapshot.
    private func fill(
        _ result: inout VolumeRestoreRecord, from snapshot: VolumeRecord.StorageSnapshot, _ record: VolumeRecord,
        _ outcome: ItemOutcome
    ) async throws {
        result.snapshot = snapshot.id
        guard !context.target.isDryRun else {
            result.reason = "dry run"
            return
        }
        func leave(_ reason: String) {
            result.reason = reason
            recorder.warn(reason, about: record.claim.item)
        }
        guard context.request.cluster.capabilities.controlPlane else {
            return leave("no volume was made of its snapshot: a directory of manifests has none")
        }
        switch try await action(of: result.target, outcome) {
        // That is an error already.
        case .failed:
            noteFailure(record, outcome)
            result.reason = "the claim could not be restored"
        case .skipped, .updated, .unchanged:
            leave("the claim was there and keeps its volume; its snapshot was not used")
        case .created:
            do {
                switch (snapshot.kind, snapshots.outcome(of: record)) {
                case (.ofClaim, _):
                    result.reason = try await provide(snapshot, for: result.target)
                case (.ofStorage, .created(let volume)):
                    try await waitUntilBound(result.target)
                    result.reason = "volume '\(volume)'"
                case (.ofStorage, .unused(let volume)):
                    throw VolumeDataError(
                        "its PersistentVolume was not created, so volume '\(volume)', which was made of its snapshot, has "
                            + "no use",
                        advice: "delete that volume, mend the cause, and restore again")
                case (.ofStorage, .existed):
                    return leave("its PersistentVolume was there and keeps its volume; its snapshot was not used")
                case (.ofStorage, .wouldBeCreated), (.ofStorage, nil):
                    throw VolumeDataError(
                        "its PersistentVolume was not restored, so no volume was made of its snapshot")
                }
                result.phase = .completed
            } catch {
                try Task.checkCancellation()
                result.phase = .failed
                result.reason = error.advisedText.printable
                context.unfilled.add(result.target)
                recorder.fail("its data was not restored: \(result.reason ?? "")", about: record.claim.item)
            }
        }
    }

    /// Of a claim that could not be restored a controller, such as a StatefulSet's, would make an empty one.
    private func noteFailure(_ record: VolumeRecord, _ outcome: ItemOutcome) {
        guard case .failed = outcome.action else { return }
        context.unfilled.add(context.restore.spec.target(of: record.claim))
    }

    /// Brings a claim its snapshot, and waits until it has its volume. One that waits for a pod does not get it here.
    ///
    /// - Returns: what became of it, in words.
    private func provide(_ snapshot: VolumeRecord.StorageSnapshot, for claim: ClaimName) async throws -> String {
        guard let object = try await context.existing(claim.item) else {
            throw VolumeDataError("the claim is not there any more")
        }
        recorder.begin("snapshot for \(claim)")
        try await snapshots.provide(
            snapshot, for: object, restore: context.restore, timeout: context.request.resourceTimeout)
        var outcome = "\(snapshot.description) is the source of the claim"
        let storageClass = ClaimedVolume(claim: object, volume: nil)?.storageClass ?? ""
        do {
            if try await waitsForConsumer(storageClass) {
                outcome += ", which gets its volume when a pod uses it (storage class '\(storageClass)')"
            } else {
                try await waitUntilBound(claim)
                try await requireOwnVolume(claim)
            }
        } catch let error as ClusterError where error.kind == .forbidden {
            outcome += "; that was not waited for, because storage class '\(storageClass)' may not be read"
        }
        try await removeMark(claim)
        return outcome
    }

    private func waitUntilBound(_ claim: ClaimName) async throws {
        try await context.waiter.poll("claim '\(claim)' to be bound") {
            try await context.existing(claim.item)?[path: "status", "phase"]?.string == "Bound"
        }
    }

    private func requireOwnVolume(_ claim: ClaimName) async throws {
        let cluster = ClusterObjects(context.request.cluster, context.catalog)
        guard let foreign = try await cluster.foreignVolume(of: claim) else { return }
        throw VolumeDataError(
            "the cluster gave the claim the volume '\(foreign.name)', which was there before, and not one made of the snapshot",
            advice: "set the volume's reclaim policy to Retain, delete the claim, and restore it again")
    }

    /// What became of the claim. One that an earlier restore made and did not come to fill is as good as made now.
    private func action(of claim: ClaimName, _ outcome: ItemOutcome) async throws -> ItemOutcome.Action {
        switch outcome.action {
        case .created, .failed: return outcome.action
        case .updated, .unchanged, .skipped:
            do {
                let existing = try await context.existing(claim.item)
                return existing?.annotations[ClaimName.unfilledAnnotation] == nil ? outcome.action : .created
            } catch let error as ClusterError {
                let reason = "the claim cannot be read, so its data was not restored: \(error)"
                context.unfilled.add(claim)
                recorder.fail(reason, about: claim.item)
                return .failed(reason)
            }
        }
    }

    private func removeMark(_ claim: ClaimName) async throws {
        guard let resource = context.catalog[.persistentVolumeClaims] else { return }
        let place = Place(resource, namespace: claim.namespace, name: claim.name)
        let mark: JSONValue = ["metadata": ["annotations": [ClaimName.unfilledAnnotation: .null]]]
        do {
            _ = try await context.target.patch(place, mark)
        } catch let error as ClusterError {
            recorder.warn(
                "it is filled, and its annotation \(ClaimName.unfilledAnnotation) could not be removed, so the next "
                    + "restore would fill it again: \(error)", about: claim.item)
        }
    }

    private enum Step {
        case fill(VolumeRestoreOrder)
        case leave(String, isWarning: Bool)
    }

    /// A claim that was there before keeps its data, unless the user wants what exists to become as in the backup.
    private func order(_ action: ItemOutcome.Action, _ data: VolumeRecord.Data) -> Step {
        var order = VolumeRestoreOrder()
        order.verifies = settings.verifies
        switch action {
        case .created: return .fill(order)
        case .updated, .unchanged:
            switch context.restore.spec.existingResourcePolicy {
            case .none, .fail:
                let advice = "--existing-resource-policy update writes the backup's files over them"
                return .leave("the claim was there, and its data was left alone; \(advice)", isWarning: true)
            case .update: return .fill(order)
            case .replace:
                // What the backup could not read is not what somebody wants to be rid of.
                order.deletesExtra = data.totals.errors == 0
                return .fill(order)
            }
        case .skipped: return .leave("the claim was not restored", isWarning: false)
        // That is an error already.
        case .failed: return .leave("the claim could not be restored", isWarning: false)
        }
    }

    func volume(of claim: ClaimName) async throws -> ClaimedVolume {
        guard let object = try await context.existing(claim.item) else {
            throw VolumeDataError("the claim is not there any more")
        }
        var volume: KubernetesObject?
        if let name = object[path: "spec", "volumeName"]?.string, !name.isEmpty {
            volume = try await context.existing(
                ItemIdentity(resource: .persistentVolumes, namespace: nil, name: name))
        }
        return ClaimedVolume(claim: object, volume: volume) ?? ClaimedVolume(claim: claim)
    }

    func waitsForConsumer(_ name: String) async throws -> Bool {
        guard !name.isEmpty else { return false }
        let item = ItemIdentity(resource: .storageClasses, namespace: nil, name: name)
        return try await context.existing(item)?["volumeBindingMode"]?.string == "WaitForFirstConsumer"
    }

    /// Two PersistentVolumes may stand for one storage, as after a restore under another namespace beside the original.
    /// Then filling the one would write over the data of the other, which somebody uses.
    private func requireFree(_ volume: ClaimedVolume) async throws {
        guard context.request.cluster.capabilities.controlPlane, let source = volume.source else { return }
        guard case .reachable(_, let way) = try await settings.mover.reach(toRestore: volume), way.isPlaceOfVolume
        else { return }
        for other in try await placedVolumes() where other.name != volume.volumeName && other.overlaps(volume) {
            guard let holder = other.claim, holder != volume.claim else { continue }
            throw VolumeDataError(
                "its volume '\(volume.volumeName)' is the same as '\(other.name)' of claim '\(holder)' "
                    + "(\(source.words)), whose data would be overwritten",
                advice: "give it a volume of its own with --resource-modifiers or --storage-class-mappings")
        }
    }

    private func placedVolumes() async throws -> [PlacedVolume] {
        if let known = state.withLock({ $0.others }) { return known }
        guard let resource = context.catalog[.persistentVolumes] else { return [] }
        var volumes: [PlacedVolume] = []
        for try await batch in context.request.cluster.list(resource, namespace: nil, options: ListOptions()) {
            volumes += try batch.compactMap { PlacedVolume(try KubernetesObject(parsing: $0.bytes)) }
        }
        state.withLock { $0.others = volumes }
        return volumes
    }
}
