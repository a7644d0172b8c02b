public import Foundation
public import GodwitModel
import GodwitPluginAPI
import Streams
public import VolumeRepository

/// A row of a backup's volumes file: what became of the data of one claim's volume. See docs/formats.md.
public struct VolumeRecord: Sendable, Hashable {
    /// How it ended.
    public enum Phase: String, Sendable, Hashable {
        /// All data is in the backup.
        case completed = "Completed"
        /// Some of it is.
        case partiallyFailed = "PartiallyFailed"
        /// None of it is, although it should be.
        case failed = "Failed"
        /// It was left out on purpose.
        case skipped = "Skipped"
    }

    /// The data of a volume as it is kept in a repository.
    public struct Data: Sendable, Hashable {
        /// The id of the repository.
        public var repository: String
        /// The id of the snapshot.
        public var snapshot: String
        /// Where it was read.
        public var path = ""
        /// What was counted.
        public var totals = Snapshot.Totals()
        /// When the reading began.
        public var started: Date?
        /// When everything was stored.
        public var ended: Date?

        /// What is kept under an id; what has a default is set afterwards.
        public init(repository: String, snapshot: String) {
            self.repository = repository
            self.snapshot = snapshot
        }
    }

    /// The claim; its name is empty where none holds the volume, see ``isClaimed``.
    public let claim: ClaimName
    /// The PersistentVolume; empty for none.
    public var volume = ""
    /// The storage class; empty for none.
    public var storageClass = ""
    /// How the data was to get into the backup.
    public var method: VolumeMethod
    /// Why so.
    public var reason: String
    /// How it ended.
    public var phase: Phase
    /// What went wrong; nil for nothing.
    public var error: String?
    /// The data in the repository, where there is any.
    public var data: Data?
    /// The snapshot that the storage keeps, where there is one.
    public var snapshot: StorageSnapshot?

    /// A row; what has a default is set afterwards.
    public init(claim: ClaimName, method: VolumeMethod, reason: String, phase: Phase) {
        self.claim = claim
        self.method = method
        self.reason = reason
        self.phase = phase
    }

    init(_ volume: ClaimedVolume, _ decision: VolumeDecision) {
        self.init(
            claim: volume.claim, method: decision.method, reason: decision.reason,
            phase: decision.method == .skip ? .skipped : .failed)
        self.volume = volume.volumeName
        storageClass = volume.storageClass
    }
}

extension VolumeRecord {
    /// Whether a claim holds the volume. Velero also takes snapshots of PersistentVolumes that none does.
    public var isClaimed: Bool { !claim.name.isEmpty }

    /// What the row is about: the claim, or the PersistentVolume where there is none.
    public var item: ItemIdentity {
        isClaimed ? claim.item : ItemIdentity(resource: .persistentVolumes, namespace: nil, name: volume)
    }

    /// What the row is about, in words.
    public var subject: String { isClaimed ? claim.description : item.description }

    /// The row.
    public var json: JSONValue {
        var row: JSONValue = [
            "namespace": .string(claim.namespace), "claim": .string(claim.name), "method": .string(method.rawValue),
            "reason": .string(reason), "phase": .string(phase.rawValue),
        ]
        if !volume.isEmpty { row["volume"] = .string(volume) }
        if !storageClass.isEmpty { row["storageClass"] = .string(storageClass) }
        if let error { row["error"] = .string(error) }
        if let snapshot { row["volumeSnapshot"] = snapshot.json }
        guard let data else { return row }
        row["repository"] = .string(data.repository)
        row["snapshot"] = .string(data.snapshot)
        row["path"] = .string(data.path)
        row["totals"] = data.totals.json
        if let started = data.started { row["started"] = .string(RFC3339.format(started)) }
        if let ended = data.ended { row["ended"] = .string(RFC3339.format(ended)) }
        return row
    }

    /// Reads a row; nil for what is none. Rows of earlier versions say `none` where nothing was backed up.
    init?(json: JSONValue) {
        guard let namespace = json["namespace"]?.string, let name = json["claim"]?.string else { return nil }
        let method = json["method"]?.string.flatMap(VolumeMethod.init(rawValue:)) ?? .skip
        self.init(
            claim: ClaimName(namespace: namespace, name: name), method: method,
            reason: json["reason"]?.string ?? "",
            phase: json["phase"]?.string.flatMap(Phase.init(rawValue:)) ?? .skipped)
        volume = json["volume"]?.string ?? ""
        storageClass = json["storageClass"]?.string ?? ""
        error = json["error"]?.string
        snapshot = json["volumeSnapshot"].flatMap(StorageSnapshot.init)
        guard let repository = json["repository"]?.string, let snapshot = json["snapshot"]?.string else { return }
        func time(_ key: String) -> Date? { json[key]?.string.flatMap(RFC3339.parse) }
        var data = Data(repository: repository, snapshot: snapshot)
        data.path = json["path"]?.string ?? ""
        data.totals = Snapshot.Totals(json: json["totals"] ?? .null)
        data.started = time("started")
        data.ended = time("ended")
        self.data = data
    }
}

extension BackupCatalog {
    /// The same for a restore or a copy: lists of Velero's that cannot be read are no rows, because the contents of the
    /// backup warn of them.
    public func restorableVolumes(of stored: StoredBackup) async throws -> [VolumeRecord] {
        do {
            return try await volumes(of: stored)
        } catch let error as BackupStorageError where stored.format == .velero && error.kind == .damaged {
            return []
        }
    }

    /// What a backup says of volumes, a row a claim, and a row a volume that no claim holds. Of a backup in Velero's format those that have a snapshot.
    ///
    /// - Throws: ``BackupStorageError`` of kind `damaged`; the store's errors.
    public func volumes(of stored: StoredBackup) async throws -> [VolumeRecord] {
        let name = stored.backup.name
        guard stored.format == .godwit else {
            let lists = VeleroSnapshotLists(VeleroVolumeLists(name: name, files: files))
            let holders = VolumeHolders(self, stored)
            return try await lists.records { try await holders.holder(of: $0) }
        }
        guard let artifact = stored.manifest?[BackupLayout(name: name).volumes] else { return [] }
        let text = try await files.text(artifact, of: "backup '\(name)'").collect(upTo: 256 << 20)
        func damaged(_ reason: String) -> BackupStorageError {
            BackupStorageError(.damaged, subject: "backup '\(name)'", store: store.description, reason: reason)
        }
        let document: JSONValue
        do { document = try JSONValue(parsing: text) } catch { throw damaged("its volumes are \(error)") }
        guard let rows = document["volumes"]?.array else { throw damaged("its volumes are no list") }
        return try rows.map { row in
            guard let record = VolumeRecord(json: row) else { throw damaged("a row of its volumes names no claim") }
            return record
        }
    }
}
