import GodwitModel
import GodwitPluginAPI

/// Snapshots of volumes as Velero's format lists them.
///
/// Native snapshots are in `volumesnapshots`. CSI snapshots are in `volumeinfo` (Velero 1.13 and later), or in
/// `csi-volumesnapshots` and `csi-volumesnapshotcontents`.
struct VeleroSnapshotLists: Sendable {
    private let lists: VeleroVolumeLists

    init(_ lists: VeleroVolumeLists) { self.lists = lists }

    /// The rows of a backup that Velero made, or that was written for it.
    ///
    /// - Parameter holder: who has a PersistentVolume of the backup, where Velero's lists do not say it.
    /// - Throws: ``BackupStorageError`` of kind `damaged`; the store's errors.
    func records(
        holder: (_ volume: String) async throws -> VolumeHolders.Holder
    ) async throws -> [VolumeRecord] {
        async let nativeList = lists.entries("volumesnapshots")
        async let volumes = lists.entries("volumeinfo")
        let infos = try await volumes
        var claims: [String: ClaimName] = [:]
        for info in infos {
            if let volume = info["pvName"]?.string, let claim = Self.claim(info) { claims[volume] = claim }
        }
        var records = infos.compactMap(Self.snapshotOfClaim)
        if records.isEmpty { records = try await olderSnapshotsOfClaims() }
        for entry in try await nativeList {
            guard let volume = entry["spec"]?["persistentVolumeName"]?.string else { continue }
            let known = claims[volume].map(VolumeHolders.Holder.claim)
            let found = if let known { known } else { try await holder(volume) }
            records.append(Self.record(entry, volume, found))
        }
        return records
    }

    /// The row of a snapshot. One of a volume that no claim is known to hold has a row too: it is restored with its
    /// PersistentVolume, and deleted with the backup.
    private static func record(_ entry: JSONValue, _ volume: String, _ holder: VolumeHolders.Holder) -> VolumeRecord {
        let (spec, status) = (entry["spec"] ?? [:], entry["status"] ?? [:])
        var claim = ClaimName(namespace: "", name: "")
        var reason = "snapshot location '\(spec["location"]?.string ?? "")'"
        switch holder {
        case .claim(let name): claim = name
        case .nobody: reason += "; no claim holds the volume"
        case .unreadable(let why): reason += "; nobody knows which claim holds the volume: \(why)"
        }
        var record = VolumeRecord(claim: claim, method: .snapshot, reason: reason, phase: .failed)
        record.volume = volume
        guard let id = status["providerSnapshotID"]?.string, !id.isEmpty, status["phase"]?.string == "Completed" else {
            record.error = "its snapshot is \(status["phase"]?.string ?? "not there")"
            return record
        }
        var snapshot = VolumeRecord.StorageSnapshot(provider: "", id: id)
        snapshot.location = spec["location"]?.string ?? ""
        snapshot.volumeID = spec["providerVolumeID"]?.string ?? ""
        snapshot.zone = spec["volumeAZ"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        snapshot.info = VolumeInfo(type: spec["volumeType"]?.string ?? "", iops: spec["volumeIOPS"]?.integer)
        record.snapshot = snapshot
        record.phase = .completed
        return record
    }

    private static func snapshotOfClaim(_ info: JSONValue) -> VolumeRecord? {
        guard info["backupMethod"]?.string == "CSISnapshot", info["snapshotDataMoved"]?.bool != true,
            let claim = claim(info)
        else { return nil }
        let found = info["csiSnapshotInfo"] ?? [:]
        return record(
            claim, volume: info["pvName"]?.string ?? "", driver: found["driver"]?.string,
            handle: found["snapshotHandle"]?.string, size: found["size"]?.integer)
    }

    private func olderSnapshotsOfClaims() async throws -> [VolumeRecord] {
        let snapshots = try await lists.entries("csi-volumesnapshots")
        guard !snapshots.isEmpty else { return [] }
        let list = try await lists.entries("csi-volumesnapshotcontents").map { KubernetesObject($0) }
        let contents = Dictionary(list.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
        return snapshots.map { KubernetesObject($0) }.compactMap { snapshot in
            guard let namespace = snapshot.namespace,
                let name = snapshot[path: "spec", "source", "persistentVolumeClaimName"]?.string
            else { return nil }
            let content = snapshot[path: "status", "boundVolumeSnapshotContentName"]?.string.flatMap { contents[$0] }
            var record = Self.record(
                ClaimName(namespace: namespace, name: name), volume: "",
                driver: content?[path: "spec", "driver"]?.string,
                handle: content?[path: "status", "snapshotHandle"]?.string,
                size: content?[path: "status", "restoreSize"]?.integer)
            record.snapshot?.snapshotClass = snapshot[path: "spec", "volumeSnapshotClassName"]?.string ?? ""
            return record
        }
    }

    private static func record(
        _ claim: ClaimName, volume: String, driver: String?, handle: String?, size: Int64?
    ) -> VolumeRecord {
        var record = VolumeRecord(claim: claim, method: .snapshot, reason: "CSI", phase: .failed)
        record.volume = volume
        guard let driver, !driver.isEmpty, let handle, !handle.isEmpty else {
            record.error = "nobody knows how its driver calls its snapshot"
            return record
        }
        var snapshot = VolumeRecord.StorageSnapshot(provider: "velero.io/csi", id: handle)
        snapshot.driver = driver
        snapshot.restoreSize = size.flatMap { $0 > 0 ? $0 : nil }
        record.snapshot = snapshot
        record.phase = .completed
        return record
    }

    private static func claim(_ info: JSONValue) -> ClaimName? {
        guard let namespace = info["pvcNamespace"]?.string, !namespace.isEmpty, let name = info["pvcName"]?.string,
            !name.isEmpty
        else { return nil }
        return ClaimName(namespace: namespace, name: name)
    }
}

extension VolumeRecord {
    /// The entry of `volumesnapshots`; nil for a volume without a snapshot of a snapshotter's.
    func veleroSnapshot(of backup: Backup) -> JSONValue? {
        guard let snapshot, snapshot.kind == .ofStorage else { return nil }
        var spec: JSONValue = [
            "backupName": .string(backup.name), "backupUID": "", "location": .string(snapshot.location),
            "persistentVolumeName": .string(volume), "providerVolumeID": .string(snapshot.volumeID),
            "volumeType": .string(snapshot.info.type),
        ]
        if let zone = snapshot.zone { spec["volumeAZ"] = .string(zone) }
        if let iops = snapshot.info.iops { spec["volumeIOPS"] = .integer(iops) }
        return ["spec": spec, "status": ["providerSnapshotID": .string(snapshot.id), "phase": "Completed"]]
    }

    /// What Velero calls volume info.
    var veleroInfo: JSONValue {
        var info: JSONValue = [
            "pvcName": .string(claim.name), "pvcNamespace": .string(claim.namespace), "pvName": .string(volume),
            "snapshotDataMoved": false, "preserveLocalSnapshot": false,
        ]
        guard let snapshot, snapshot.kind == .ofStorage else {
            info["skipped"] = true
            info["skippedReason"] = .string(error ?? reason)
            return info
        }
        info["skipped"] = false
        info["backupMethod"] = "NativeSnapshot"
        info["result"] = "succeeded"
        info["nativeSnapshotInfo"] = [
            "snapshotHandle": .string(snapshot.id), "volumeType": .string(snapshot.info.type),
            "volumeAZ": .string(snapshot.zone ?? ""), "iops": .string("\(snapshot.info.iops ?? 0)"),
            "Phase": "Completed",
        ]
        return info
    }
}
