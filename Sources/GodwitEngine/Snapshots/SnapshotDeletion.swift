import GodwitModel
import GodwitPluginAPI
import Streams

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
        /// Its storage does not know it, as far as can be told.
        case missing(String)
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
        let kept = records.compactMap { record in record.snapshot.map { (record.item, $0) } }
        guard !kept.isEmpty else { return }
        let outcomes = try await kept.mapConcurrently(limit: Self.parallel) { item, snapshot in
            (item, try await delete(snapshot))
        }
        for (item, outcome) in outcomes {
            switch outcome {
            case .deleted: report.storageSnapshots += 1
            case .missing(let reason), .left(let reason):
                report.results.warnings.add(reason, about: item)
                observer(.log(LogLine(.warning, reason, item: item)))
            case .failed(let reason):
                report.results.errors.add(reason, about: item)
                observer(.log(LogLine(.error, reason, item: item)))
            }
        }
    }

    /// Deletes a snapshot of a location, which may have come to mean another storage: a snapshot that is not there counts
    /// as deleted everywhere.
    private func delete(
        _ snapshot: VolumeRecord.StorageSnapshot, in locations: SnapshotLocations
    ) async throws -> Outcome {
        let (provider, snapshotter) = try await locations.snapshotter(snapshot.location)
        let kept = "\(snapshot.description) is kept by"
        // Velero's backups do not say who took theirs.
        guard snapshot.provider.isEmpty || snapshot.provider == provider else {
            return .failed("\(kept) \(snapshot.provider), and '\(snapshot.location)' is a location of \(provider) here")
        }
        var isThere = true
        if let inspection = snapshotter as? any SnapshotInspection {
            guard snapshot.place.isEmpty || snapshot.place == inspection.place else {
                return .failed(
                    "\(kept) \(provider) in '\(snapshot.place)', and the location means '\(inspection.place)' here")
            }
            do {
                isThere = try await inspection.exists(snapshot.id)
            } catch {
                // Whoever may not look may be allowed to delete; that call says what is wrong.
                try Task.checkCancellation()
            }
        }
        try await snapshotter.deleteSnapshot(snapshot.id)
        return isThere ? .deleted : Self.missing(snapshot, in: snapshotter.description)
    }

    private static func missing(_ snapshot: VolumeRecord.StorageSnapshot, in storage: String) -> Outcome {
        .missing("\(snapshot.description) was not found in \(storage): it is gone, or elsewhere")
    }

    private func delete(_ snapshot: VolumeRecord.StorageSnapshot) async throws -> Outcome {
        let staying = "\(snapshot.description) stays behind"
        guard let locations else { return .left(staying) }
        do {
            switch snapshot.kind {
            case .ofStorage: return try await delete(snapshot, in: locations)
            case .ofClaim:
                guard let claims = locations.claims else {
                    return .left("\(staying): there is no cluster to delete it")
                }
                let wasThere = try await claims.deleteSnapshot(snapshot.claimSnapshot, timeout: Self.timeout)
                return wasThere ? .deleted : Self.missing(snapshot, in: "the storage of this cluster's driver")
            }
        } catch let error as UnknownSnapshotLocationError {
            return .left("\(staying): \(error.summary)")
        } catch {
            try Task.checkCancellation()
            return .failed("\(snapshot.description) could not be deleted: \("\(error)".printable)")
        }
    }
}
