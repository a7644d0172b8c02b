import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import Testing

@testable import GodwitEngine

/// Deletion and verification of backups whose snapshots storages keep.
@Suite struct SnapshotKeepingTests {
    /// A location's name may come to mean another storage: there each snapshot is "deleted" already.
    /// A backup that its storage keeps stays a backup: what belongs to it is not deleted first.
    @Test func aBackupThatIsProtectedKeepsItsSnapshots() async throws {
        let site = SnapshotSite(store: MemoryObjectStore(retention: .seconds(3600)))
        site.add("data")
        _ = try await site.backUp()
        let snapshots = site.storage.snapshots
        #expect(snapshots.count == 1)
        let error = await #expect(throws: ObjectStoreError.self) { _ = try await site.delete(site.locations()) }
        #expect(error?.kind == .locked && error?.reason?.contains("its snapshots stay") == true)
        #expect(site.storage.snapshots == snapshots)
        let whole = try await BackupVerifier(catalog: BackupCatalog(store: site.store)).verify("b", details: true)
        #expect(whole.isWhole)
        site.store.endRetention()
        #expect(try await site.delete(site.locations()).storageSnapshots == 1)
        #expect(site.storage.snapshots.isEmpty)
    }

    /// A bucket with versions hides what it keeps; who knows that does not have it looked at first.
    @Test func aProtectedBackupIsNotLookedAtWhenItIsForced() async throws {
        let site = SnapshotSite(store: MemoryObjectStore(retention: .seconds(3600)))
        site.add("data")
        _ = try await site.backUp()
        let error = await #expect(throws: ObjectStoreError.self) {
            _ = try await site.delete(site.locations(), ignoringFailures: true)
        }
        #expect(error?.kind == .locked)
        #expect(site.storage.snapshots.isEmpty, "the storage was asked to delete the backup itself")
    }

    @Test func aLocationOfAnotherStorageKeepsTheBackup() async throws {
        var site = SnapshotSite()
        site.inspected = InspectedStorage(site.storage, place: "here")
        site.add("data")
        _ = try await site.backUp()
        for (place, provider) in [("here", "example.com/other"), ("there", "example.com/memory")] {
            var other = site
            other.inspected = InspectedStorage(MemorySnapshotter(), place: place)
            let report = try await site.delete(other.locations(provider: provider))
            #expect(!report.isDeleted && report.results.errors.lines.contains { $0.contains("is kept by") })
        }
        #expect(site.storage.snapshots.count == 1)
        #expect(try await site.delete(site.locations()).isDeleted)
        #expect(site.storage.snapshots.isEmpty)
    }

    @Test func aSnapshotThatIsNotThereIsAWarning() async throws {
        var site = SnapshotSite()
        site.inspected = InspectedStorage(site.storage)
        site.add("data")
        _ = try await site.backUp()
        var other = site
        other.inspected = InspectedStorage(MemorySnapshotter())
        let report = try await site.delete(other.locations())
        #expect(report.isDeleted && report.storageSnapshots == 0)
        #expect(report.results.warnings.lines.contains { $0.contains("was not found in inspected memory") })
    }

    /// Another cluster may have the driver, and other storage behind it.
    @Test(arguments: [true, false]) func aSnapshotThatADriverDoesNotKnowIsAWarning(isKnown: Bool) async throws {
        var site = SnapshotSite()
        site.claims = ClaimSnapshotterFake()
        site.add("data")
        _ = try await site.backUp()
        let cluster = SnapshotLocations([], claims: ClaimSnapshotterFake(hasSnapshots: isKnown)) {
            [storage = site.storage] _ in
            storage
        }
        let report = try await site.delete(cluster)
        #expect(report.isDeleted && report.storageSnapshots == (isKnown ? 1 : 0))
        let isTold = report.results.warnings.lines.contains {
            $0.contains("was not found in the storage of this cluster")
        }
        #expect(isTold != isKnown, "\(report)")
    }

    /// A list that cannot be read is no reason to give the snapshots up unasked.
    @Test func withoutItsListABackupStays() async throws {
        let site = SnapshotSite()
        site.add("data")
        _ = try await site.backUp()
        let key = BackupLayout(name: "b").volumes
        try await site.store.delete([key])
        try await site.store.put(key, .bytes([1, 2, 3]), options: PutOptions())
        let refused = try await site.delete(site.locations())
        #expect(!refused.isDeleted)
        #expect(refused.results.errors.lines.contains { $0.contains("velero.io/backup=b") })
        #expect(site.store.keys.contains(BackupLayout(name: "b").metadata))
        let forced = try await site.delete(site.locations(), ignoringFailures: true)
        #expect(forced.isDeleted && site.store.keys.isEmpty)
    }

    @Test func aStorageThatCannotBeAskedDoesNotHideTheRest() async throws {
        var site = SnapshotSite()
        site.inspected = InspectedStorage(site.storage) {
            throw VolumeSnapshotError(.accessDenied, operation: "look", storage: "memory")
        }
        for name in ["a", "b"] { site.add(name) }
        _ = try await site.backUp()
        let verifier = BackupVerifier(catalog: BackupCatalog(store: site.store), snapshots: site.locations())
        let report = try await verifier.verify("b", details: true)
        #expect(report.isWhole && report.items > 0 && report.uncheckedSnapshots == 2)
        #expect(report.uncheckedReason?.contains("access denied") == true)
    }
}
