import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import Synchronization
import Testing

@testable import GodwitEngine

/// Which volumes get snapshots, and what becomes of the snapshots.
@Suite struct SnapshotBackupTests {
    @Test func aSnapshotIsTakenWhereSomebodyCan() async throws {
        let site = SnapshotSite()
        let volume = site.add("data")
        site.source.add("persistentvolumes", nil, "other", ["spec": ["nfs": ["server": "a", "path": "/b"]]])
        site.source.add(
            "persistentvolumeclaims", "shop", "other",
            ["spec": ["volumeName": "other"], "status": ["phase": "Bound"]])
        site.source.add("persistentvolumeclaims", "shop", "unbound")
        let report = try await site.backUp()
        #expect(report.backup.status.phase == .completed && report.results.warnings.count == 0)
        let records = try await site.records()
        #expect(records.map(\.claim.name) == ["data", "other", "unbound"])
        #expect(records.map(\.method) == [.snapshot, .skip, .skip])
        let snapshot = try #require(records[0].snapshot)
        #expect(site.storage.snapshots == [snapshot.id: volume])
        #expect(snapshot.location == "main" && snapshot.volumeID == volume && snapshot.info.iops == 7)
        #expect(
            site.storage.tags(of: snapshot.id) == [
                "team": "shop", "velero.io/backup": "b", "velero.io/pv": "pv-\(volume)",
            ])
        #expect(VolumeRecord(json: records[0].json) == records[0])
    }

    @Test(
        arguments: [
            // wanted, policy, default to files -> method of the volume that a snapshotter knows, and whether others are told
            (nil, nil, false, VolumeMethod.snapshot, false), (true, nil, false, .snapshot, true),
            (false, nil, false, .skip, false), (nil, nil, true, .fsBackup, false), (true, nil, true, .fsBackup, false),
            (false, "snapshot", true, .snapshot, true), (true, "skip", false, .skip, false),
            (true, "fs-backup", false, .fsBackup, false),
        ] as [(Bool?, String?, Bool, VolumeMethod, Bool)])
    func rules(
        wanted: Bool?, policy: String?, byDefault: Bool, method: VolumeMethod, othersAreTold: Bool
    ) async throws {
        var site = SnapshotSite()
        site.wanted = wanted
        site.rules.includesByDefault = byDefault
        if let policy {
            let text = #"{"version":"v1","volumePolicies":[{"conditions":{},"action":{"type":"\#(policy)"}}]}"#
            site.rules.policies = try VolumePolicies(JSONValue(parsing: text))
        }
        site.add("data")
        site.source.add("persistentvolumes", nil, "other", ["spec": ["nfs": ["server": "a", "path": "/b"]]])
        site.source.add(
            "persistentvolumeclaims", "shop", "other",
            ["spec": ["volumeName": "other"], "status": ["phase": "Bound"]])
        let plan = try await site.prepared().planWithVolumes()
        #expect(plan.volumes?.first?.method == method)
        let report = try await site.backUp()
        #expect(try await site.records().first?.method == method)
        #expect(site.storage.snapshots.count == (method == .snapshot ? 1 : 0))
        let told = report.results.warnings.namespaces["shop"] ?? []
        #expect(told.contains { $0.contains("other: its data") } == othersAreTold, "\(told)")
    }

    @Test func withoutItsPersistentVolumeNoSnapshotIsTaken() async throws {
        var site = SnapshotSite()
        site.wanted = true
        site.add("data")
        let report = try await site.backUp(namespaced: true)
        #expect(site.storage.snapshots.isEmpty)
        #expect(report.results.warnings.lines.contains { $0.contains("is not in the backup") })
    }

    @Test func oneThatFailsIsAnErrorOfItsVolume() async throws {
        let left = Mutex(1)
        let storage = MemorySnapshotter { method in
            let isFirst =
                method == "createSnapshot"
                && left.withLock { left in
                    left -= 1
                    return left >= 0
                }
            return isFirst ? .outOfSpace : nil
        }
        let site = SnapshotSite(storage)
        for name in ["a", "b", "c"] { site.add(name) }
        let report = try await site.backUp()
        #expect(report.backup.status.phase == .partiallyFailed)
        #expect(report.results.errors.count == 1)
        #expect(try await site.records().count { $0.phase == .completed } == 2)
        #expect(storage.snapshots.count == 2)
    }

    /// Interrupted at any moment, or without a place for the backup: no snapshot stays.
    @Test(arguments: [0, 1, 3, 10, 30, 60]) func nothingStaysOfACancelledBackup(wait: Int) async throws {
        let site = SnapshotSite(MemorySnapshotter(delay: .milliseconds(20)))
        for number in 0..<40 { site.add("claim-\(number)") }
        let task = Task { try await site.backUp() }
        try await Task.sleep(for: .milliseconds(wait))
        task.cancel()
        do {
            _ = try await task.value
            #expect(site.storage.snapshots.count == 40)
        } catch is CancellationError {
            #expect(site.storage.snapshots.isEmpty)
            #expect(site.store.keys.isEmpty)
        }
    }

    @Test func nothingStaysOfABackupThatCannotBeStored() async throws {
        let site = SnapshotSite()
        site.add("data")
        let prepared = try await site.prepared()
        let faulty = FaultyObjectStore(site.store) { _, method in
            // Metadata comes last, when the snapshots are there.
            method == "put" && !site.storage.snapshots.isEmpty ? .error(.outOfSpace) : nil
        }
        await #expect(throws: ObjectStoreError.self) {
            _ = try await BackupRunner(catalog: BackupCatalog(store: faulty)).run(prepared) { _ in }
        }
        #expect(site.storage.snapshots.isEmpty)
    }

    @Test func deletionTakesSnapshotsAlong() async throws {
        let site = SnapshotSite()
        site.add("data")
        _ = try await site.backUp()
        let report = try await site.delete(site.locations())
        #expect(report.isDeleted && report.storageSnapshots == 1)
        #expect(site.storage.snapshots.isEmpty && site.store.keys.isEmpty)
    }

    @Test func whatAStorageRefusesKeepsTheBackup() async throws {
        let refuses = Mutex(true)
        let storage = MemorySnapshotter { method in
            method == "deleteSnapshot" && refuses.withLock { $0 } ? .accessDenied : nil
        }
        let site = SnapshotSite(storage)
        site.add("data")
        _ = try await site.backUp()
        let refused = try await site.delete(site.locations())
        #expect(!refused.isDeleted && refused.results.errors.count == 1)
        #expect(try await site.records().count == 1)
        refuses.withLock { $0 = false }
        #expect(try await site.delete(site.locations()).isDeleted)
        #expect(storage.snapshots.isEmpty)
    }

    @Test func anUnknownLocationIsAWarningThatNamesWhatStays() async throws {
        for locations in [nil, SnapshotSite().locations(["another"])] {
            let site = SnapshotSite()
            site.add("data")
            _ = try await site.backUp()
            let id = try #require(site.storage.snapshots.keys.first)
            let report = try await site.delete(locations)
            #expect(report.isDeleted && report.results.warnings.lines.contains { $0.contains("'\(id)' in 'main'") })
            #expect(site.storage.snapshots.count == 1)
        }
    }

    @Test func aCopyHasNoSnapshots() async throws {
        let site = SnapshotSite()
        site.add("data")
        _ = try await site.backUp()
        let catalog = BackupCatalog(store: site.store)
        let copy = try await BackupExporter(from: catalog, to: catalog).export("b", as: "copy", format: .velero)
        #expect(copy.backup.status.phase == .partiallyFailed)
        #expect(try await site.records(of: "copy").isEmpty)
    }

    @Test func severalLocationsOfOneProviderAreChosenByName() async throws {
        let locations = SnapshotSite().locations(["a", "b"])
        await #expect(throws: AmbiguousSnapshotLocationError.self) { _ = try await locations.chosen([]) }
        #expect(try await locations.chosen(["b"]).map(\.name) == ["b"])
        await #expect(throws: UnknownSnapshotLocationError.self) { _ = try await locations.chosen(["c"]) }
    }

    @Test(
        arguments: [
            (#"{"labels":{"topology.kubernetes.io/zone":"a"}}"#, "{}", "a"),
            (#"{"labels":{"failure-domain.beta.kubernetes.io/zone":"b"}}"#, "{}", "b"),
            ("{}", affinity("topology.ebs.csi.aws.com/zone", "c"), "c"),
            ("{}", affinity("topology.gke.io/zone", "d", "e"), "d__e"),
            ("{}", affinity("kubernetes.io/hostname", "n"), nil),
            ("{}", "{}", nil),
        ] as [(String, String, String?)])
    func zones(metadata: String, affinity: String, zone: String?) throws {
        let text = #"{"metadata":\#(metadata),"spec":{"nodeAffinity":\#(affinity)}}"#
        #expect(try KubernetesObject(parsing: Array(text.utf8)).volumeZone == zone)
    }
}

private func affinity(_ key: String, _ values: String...) -> String {
    let list = values.map { "\"\($0)\"" }.joined(separator: ",")
    return """
        {"required":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"\(key)","operator":"In","values":[\(list)]}]}]}}
        """
}
