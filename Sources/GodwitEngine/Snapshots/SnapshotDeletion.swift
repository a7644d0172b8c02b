import GodwitModel
import GodwitPluginAPI

/// Deletes the snapshots that storages keep for a backup.
struct SnapshotDeletion: Sendable {
    private let locations: SnapshotLocations?

    /// Snapshots that are deleted at once.
    private static let parallel = 8
    /// How long a snapshot of a claim may take to go.
    private static let timeout = Duration.seconds(600)

    init(_ locations: SnapshotLocations?) { self.locations = locations }

    private enum Outcome: Sendable {
        case deleted
        /// It stays, because nobody here knows its storage.
        case left(String)
        case failed(String)
    }

    /// Deletes what the rows name. What fails is in the report, and does not stop the rest.
    ///
    /// - Throws: `CancellationError`.
    func delete(
        _ records: [VolumeRecord], _ report: inout DeletionReport, _ observer: RunObserver
    ) async throws {
        let kept = records.compactMap { record in record.snapshot.map { (record.claim, $0) } }
        guard !kept.isEmpty else { return }
        let outcomes = try await kept.mapConcurrently(limit: Self.parallel) { claim, snapshot in
            (claim, try await delete(snapshot))
        }
        for (claim, outcome) in outcomes {
            switch outcome {
            case .deleted: report.storageSnapshots += 1
            case .left(let reason):
                report.results.warnings.add(reason, about: claim.item)
                observer(.log(LogLine(.warning, reason, item: claim.item)))
            case .failed(let reason):
                report.results.errors.add(reason, about: claim.item)
                observer(.log(LogLine(.error, reason, item: claim.item)))
            }
        }
    }

    private func delete(_ snapshot: VolumeRecord.StorageSnapshot) async throws -> Outcome {
        let staying = "\(snapshot.description) stays behind"
        guard let locations else { return .left(staying) }
        do {
            switch snapshot.kind {
            case .ofStorage:
                try await locations.snapshotter(snapshot.location).snapshotter.deleteSnapshot(snapshot.id)
            case .ofClaim:
                guard let claims = locations.claims else {
                    return .left("\(staying): there is no cluster to delete it")
                }
                try await claims.deleteSnapshot(snapshot.claimSnapshot, timeout: Self.timeout)
            }
            return .deleted
        } catch let error as UnknownSnapshotLocationError {
            return .left("\(staying): \(error.summary)")
        } catch {
            try Task.checkCancellation()
            return .failed("\(snapshot.description) could not be deleted: \("\(error)".printable)")
        }
    }
}
