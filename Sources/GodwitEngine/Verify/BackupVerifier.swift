public import GodwitModel
import GodwitPluginAPI
import Streams
import Tarball
import VolumeRepository

/// What a verification found.
public struct VerificationReport: Sendable, Hashable {
    /// Something that is wrong.
    public struct Damage: Sendable, Hashable {
        /// The item that is affected; nil when it is a file.
        public let item: ItemIdentity?
        /// The file, when it is about one.
        public let key: String?
        /// What is wrong.
        public let reason: String
    }

    /// The backup's name.
    public let backup: String
    /// Its format.
    public let format: BackupFormat
    /// Files that were read to their end, and their bytes.
    public internal(set) var files = 0
    /// Bytes of those files.
    public internal(set) var bytes: Int64 = 0
    /// Snapshots of volumes that the storage keeps and that could not be asked for.
    public internal(set) var uncheckedSnapshots = 0
    /// Why the first of them could not be asked for, where something went wrong.
    public internal(set) var uncheckedReason: String?
    /// Items that were read and checked; 0 when only files were.
    public internal(set) var items = 0
    /// Everything that is wrong; empty for a whole backup.
    public internal(set) var damages: [Damage] = []
    /// Damaged items that are not named, because there are too many.
    public internal(set) var furtherDamages = 0

    /// Whether nothing is wrong.
    public var isWhole: Bool { damages.isEmpty }

    /// Damages that are named one by one.
    static let limit = 10_000

    mutating func add(_ reason: String, item: ItemIdentity? = nil, key: String? = nil) {
        guard damages.count < Self.limit else {
            furtherDamages += 1
            return
        }
        damages.append(Damage(item: item, key: key, reason: reason))
    }
}

/// Checks stored backups against their checksums, and with details item by item against their index.
public struct BackupVerifier: Sendable {
    private let catalog: BackupCatalog
    private let snapshots: SnapshotLocations?

    /// A verifier for a location.
    ///
    /// - Parameter snapshots: where snapshots of volumes are; nil where they are not looked for.
    public init(catalog: BackupCatalog, snapshots: SnapshotLocations? = nil) {
        self.catalog = catalog
        self.snapshots = snapshots
    }

    /// Reads all files of a backup.
    ///
    /// - Parameter details: check every item too. Done in any case when the tarball is damaged, to name what is lost.
    public func verify(
        _ name: String, details: Bool, observer: RunObserver = { _ in }
    ) async throws -> VerificationReport {
        let stored = try await catalog.backup(named: name)
        var report = VerificationReport(backup: name, format: stored.format)
        switch stored.format {
        case .godwit:
            try await verifyFiles(stored, &report, observer)
            try await verifySnapshots(stored, &report)
        case .velero: try await verifyVeleroFiles(name, &report, observer)
        }
        try await verifyStorageSnapshots(stored, &report)
        let isTarballWhole = report.isWhole
        if details || !isTarballWhole { try await verifyItems(stored, &report, observer) }
        if details, isTarballWhole, stored.format == .godwit { try await compareWithTarball(stored, &report) }
        return report
    }

    /// Whether the snapshots of volumes are there; what they hold is checked by the repository's own check.
    private func verifySnapshots(_ stored: StoredBackup, _ report: inout VerificationReport) async throws {
        // A file that is damaged has been named with the others.
        guard report.isWhole else { return }
        do {
            let records = try await catalog.volumes(of: stored).filter { $0.data != nil }
            guard !records.isEmpty else { return }
            let present = try await Repository.snapshotIDs(in: catalog.store)
            for record in records {
                guard let snapshot = record.data?.snapshot else { continue }
                if SnapshotID(snapshot).map(present.contains) != true {
                    report.add("the snapshot of its data (\(snapshot)) is gone", item: record.claim.item)
                }
            }
        } catch let error as BackupStorageError where error.kind == .damaged {
            report.add(error.reason ?? error.summary)
        }
    }

    /// Whether the storage still has the snapshots of volumes, where it can be asked.
    private func verifyStorageSnapshots(_ stored: StoredBackup, _ report: inout VerificationReport) async throws {
        guard report.isWhole else { return }
        let records: [VolumeRecord]
        do {
            records = try await catalog.volumes(of: stored)
        } catch let error as BackupStorageError where error.kind == .damaged {
            report.add(error.reason ?? error.summary)
            return
        }
        for record in records {
            guard let snapshot = record.snapshot else { continue }
            do {
                guard snapshot.kind == .ofStorage, let snapshots,
                    let inspection = try await snapshots.snapshotter(snapshot.location).snapshotter
                        as? any SnapshotInspection
                else {
                    report.uncheckedSnapshots += 1
                    continue
                }
                if try await !inspection.exists(snapshot.id) {
                    report.add("\(snapshot.description) of its volume is gone", item: record.item)
                }
            } catch {
                // What the storage does not say says nothing of the backup.
                try Task.checkCancellation()
                report.uncheckedSnapshots += 1
                report.uncheckedReason = report.uncheckedReason ?? "\(error)".printable
            }
        }
    }

    private func verifyFiles(
        _ stored: StoredBackup, _ report: inout VerificationReport, _ observer: RunObserver
    ) async throws {
        for artifact in stored.manifest?.artifacts ?? [] {
            do {
                let stream = try await catalog.files.open(artifact, of: "backup '\(stored.backup.name)'")
                for try await piece in stream { report.bytes += Int64(piece.count) }
            } catch let error as BackupStorageError {
                report.add(error.reason ?? error.summary, key: artifact.key)
            } catch let error as ObjectStoreError where error.kind == .corrupted {
                report.add("\(error)", key: artifact.key)
            }
            report.files += 1
            observer(.progress(progress(artifact.key, report)))
        }
    }

    /// Velero's format has no checksums but gzip's own, and those of the store.
    private func verifyVeleroFiles(
        _ name: String, _ report: inout VerificationReport, _ observer: RunObserver
    ) async throws {
        let objects = try await catalog.store.objects(below: VeleroBackupLayout(name: name).folder)
        if !objects.contains(where: { $0.key == VeleroBackupLayout(name: name).tarball }) {
            report.add("the file is missing", key: VeleroBackupLayout(name: name).tarball)
        }
        for object in objects where object.key.hasSuffix(".gz") {
            do {
                let body = try await catalog.files.reader(object.key, of: "backup '\(name)'").body
                for try await _ in body.decompressed() {}
            } catch let error as TarballError {
                report.add("\(error)", key: object.key)
            }
            report.files += 1
            report.bytes += object.size
            observer(.progress(progress(object.key, report)))
        }
    }

    private func verifyItems(
        _ stored: StoredBackup, _ report: inout VerificationReport, _ observer: RunObserver
    ) async throws {
        do {
            let contents = try await catalog.open(stored)
            try await contents.forEachEntry { entries in
                for try await batch in contents.items(entries) {
                    for item in batch {
                        report.items += 1
                        if case .failure(let error) = item.item {
                            report.add(error.reason ?? error.summary, item: item.entry.identity)
                        }
                    }
                    observer(.progress(progress("items", report)))
                }
            }
            await contents.close()
            let expected = stored.backup.status.itemsBackedUp
            if report.items != expected {
                report.add("the metadata counts \(expected) items, and \(report.items) are there")
            }
        } catch let error as BackupStorageError {
            report.add(error.reason ?? error.summary)
        }
    }

    /// Looks for items that the index does not know of; those that it knows have been read.
    private func compareWithTarball(_ stored: StoredBackup, _ report: inout VerificationReport) async throws {
        var known = IdentitySet()
        try await catalog.open(stored).forEachEntry { entries in
            for entry in entries where !known.insert(entry.identity) {
                report.add("the index has it twice", item: entry.identity)
            }
        }
        do {
            for try await entry in TarballReader(try await catalog.tarball(of: stored)) {
                guard let path = ItemPath.parse(entry.path) else { continue }
                if !known.contains(path.identity) {
                    report.add("it is in the tarball, but not in the index", item: path.identity)
                }
            }
        } catch let error as TarballError {
            report.add("\(error)", key: BackupLayout(name: stored.backup.name).tarball)
        }
    }

    private func progress(_ activity: String, _ report: VerificationReport) -> Progress {
        var progress = Progress()
        progress.activity = activity
        progress.items = report.items
        progress.bytes = report.bytes
        progress.errors = report.damages.count
        return progress
    }
}
