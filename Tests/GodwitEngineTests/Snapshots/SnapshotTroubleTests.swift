import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import KubernetesClient
import Synchronization
import Testing

@testable import GodwitEngine

/// Backups with snapshots when storages, stores and clusters do not do what they should.
@Suite struct SnapshotTroubleTests {
    private static func refusal(_ kind: ClusterError.Kind) -> ClusterError {
        ClusterError(kind, operation: "list volumesnapshotclasses", cluster: "fake")
    }

    // MARK: Whose volume

    @Test func aVolumeOfAnotherClaimIsLeftAlone() async throws {
        var site = SnapshotSite()
        site.wanted = true
        let volume = site.add("data")
        for (name, phase) in [("waiting", "Pending"), ("wrong", "Bound")] {
            site.source.add(
                "persistentvolumeclaims", "shop", name,
                ["spec": ["volumeName": .string("pv-\(volume)")], "status": ["phase": .string(phase)]])
        }
        let report = try await site.backUp()
        #expect(site.storage.snapshots.count == 1)
        let records = try await site.records()
        #expect(records.map(\.claim.name) == ["data", "waiting", "wrong"])
        #expect(records.map { $0.snapshot == nil } == [false, true, true])
        #expect(report.results.warnings.lines.contains { $0.contains("wrong") && $0.contains("is not bound to it") })
    }

    @Test func whereTheSnapshotIsIsRemembered() async throws {
        var site = SnapshotSite()
        let inspected = InspectedStorage(site.storage, place: "there")
        site.inspected = inspected
        site.add("data")
        _ = try await site.backUp()
        let record = try #require(try await site.records().first)
        #expect(record.snapshot?.place == "there")
        // The moment before it was asked for: nothing that is older is missing in it.
        let (taken, asked) = (try #require(record.snapshot?.taken), try #require(inspected.asked))
        #expect(taken <= asked)
        #expect(VolumeRecord(json: record.json) == record)
    }

    // MARK: Locations

    @Test func locationsAreOpenedWhenTheyAreAsked() async throws {
        let opened = Mutex<[String]>([])
        var site = SnapshotSite()
        site.opener = { [storage = site.storage] location in
            opened.withLock { $0.append(location.name) }
            throw VolumeSnapshotError(.invalidConfiguration, operation: "open", storage: "\(storage)", reason: "broken")
        }
        site.add("data")
        site.wanted = false
        #expect(try await site.backUp("off").backup.status.phase == .completed)
        #expect(opened.withLock { $0 } == [])
        // Now somebody is to be asked, and nobody knows: that volume's error, and no more.
        site.wanted = nil
        let report = try await site.backUp("on")
        #expect(report.backup.status.phase == .partiallyFailed && report.results.errors.count == 1)
        #expect(report.results.errors.lines.contains { $0.contains("broken") })
        let plan = try await site.prepared().planWithVolumes()
        #expect(plan.volumes?.first?.reason.contains("broken") == true)
        // One that was named must work at once.
        let locations = site.locations(["a"])
        await #expect(throws: VolumeSnapshotError.self) { _ = try await locations.chosen(["a"]) }
    }

    @Test func aBrokenLocationDoesNotHideTheOthers() async throws {
        var site = SnapshotSite()
        let volume = site.add("data")
        site.others = SnapshotLocations([
            SnapshotLocation(name: "broken", provider: "example.com/broken", configuration: [:]),
            SnapshotLocation(name: "main", provider: "example.com/memory", configuration: [:]),
        ]) { [storage = site.storage] location in
            guard location.name == "main" else { throw UnknownSnapshotLocationError(name: "elsewhere") }
            return storage
        }
        _ = try await site.backUp()
        #expect(Array(site.storage.snapshots.values) == [volume])
    }

    @Test func twoLocationsOfOneProviderAreRefused() async throws {
        let locations = SnapshotSite().locations(["a", "b"])
        let error = await #expect(throws: AmbiguousSnapshotLocationError.self) {
            _ = try await locations.chosen(["b", "a"])
        }
        #expect(error?.candidates == ["b", "a"])
        #expect(try await locations.chosen(["b", "b"]).map(\.name) == ["b"])
    }

    @Test func aLocationIsOpenedOnce() async throws {
        let count = CallCounter()
        var site = SnapshotSite()
        site.opener = { [storage = site.storage] _ in
            count.next()
            try await Task.sleep(for: .milliseconds(50))
            return storage
        }
        let locations = site.locations()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { _ = try await locations.snapshotter("main") } }
            try await group.waitForAll()
        }
        #expect(count.count == 1)
    }

    // MARK: Rights

    @Test func whoMayNotReadClassesIsToldOnce() async throws {
        var site = SnapshotSite()
        site.claims = ClaimSnapshotterFake { throw Self.refusal(.forbidden) }
        for name in ["a", "b", "c"] { site.add(name) }
        let report = try await site.backUp("default")
        #expect(report.backup.status.phase == .completed)
        #expect(report.results.warnings.lines.count { $0.contains("list volumesnapshotclasses") } == 1)
        let plan = try await site.prepared().planWithVolumes()
        #expect(plan.warnings.count { $0.contains("list volumesnapshotclasses") } == 1)
        // Who asks for snapshots is told of each.
        site.wanted = true
        #expect(try await site.backUp("wanted").results.errors.count == 3)
        #expect(try await site.prepared().planWithVolumes().volumes?.count == 3)
    }

    // MARK: Moved data

    @Test(arguments: [0, 3] as [Int64]) func theSnapshotStaysWhereItsDataIsIncomplete(errors: Int64) async throws {
        var site = SnapshotSite()
        let (inspected, mover) = (InspectedStorage(site.storage), MoverFake(errors: errors))
        site.inspected = inspected
        site.mover = mover
        site.add("data")
        let report = try await site.backUp()
        let record = try #require(try await site.records().first)
        #expect(record.data != nil && (record.snapshot != nil) == (errors > 0))
        #expect(site.storage.snapshots.count == (errors > 0 ? 1 : 0))
        #expect(record.phase == (errors > 0 ? .partiallyFailed : .completed))
        #expect(report.results.warnings.lines.contains { $0.contains("could not be moved") } == (errors > 0))
        // What changes in the volume from then on may be missing, however late the files are read.
        let started = try #require(mover.given.first?.started)
        #expect(started <= (try #require(inspected.asked)))
    }

    // MARK: The end

    /// The metadata arrives, its answer does not, and the store is gone: nobody knows whether the backup exists.
    @Test(arguments: BackupFormat.allCases) func snapshotsOfABackupThatMayExistStay(format: BackupFormat) async throws {
        var site = SnapshotSite()
        site.format = format
        site.add("data")
        let probe = FaultyObjectStore(MemoryObjectStore()) { _, _ in nil }
        _ = try await site.backUp(to: probe)
        let number = try #require(probe.callLog.lastIndex { $0.hasPrefix("put ") && $0.hasSuffix("-backup.json") })
        for id in site.storage.snapshots.keys { try await site.storage.deleteSnapshot(id) }
        let faulty = FaultyObjectStore(site.store) { call, _ in
            call < number ? nil : call == number ? .lostAnswer(.connection) : .error(.unavailable)
        }
        let told = Mutex<[String]>([])
        await #expect(throws: ObjectStoreError.self) {
            _ = try await site.backUp(to: faulty) { event in
                if case .log(let line) = event { told.withLock { $0.append(line.message) } }
            }
        }
        let record = try #require(try await site.records().first)
        let id = try #require(record.snapshot?.id)
        #expect(site.storage.snapshots.keys.sorted() == [id])
        let lines = told.withLock { $0 }
        #expect(lines.contains { $0.contains("'\(id)'") && $0.contains("nobody knows whether backup 'b'") })
    }

    /// Several at once, and told before.
    @Test func theEndIsQuick() async throws {
        var site = SnapshotSite()
        let inspected = InspectedStorage(site.storage)
        site.inspected = inspected
        for number in 0..<24 { site.add("claim-\(number)") }
        let faulty = FaultyObjectStore(site.store) { [storage = site.storage] _, method in
            method == "put" && !storage.snapshots.isEmpty ? .error(.outOfSpace) : nil
        }
        let told = Mutex<[String]>([])
        await #expect(throws: ObjectStoreError.self) {
            _ = try await site.backUp(to: faulty) { event in
                if case .log(let line) = event { told.withLock { $0.append(line.message) } }
            }
        }
        #expect(site.storage.snapshots.isEmpty)
        #expect((2...8).contains(inspected.mostDeletions))
        #expect(told.withLock { $0.contains("removing the 24 snapshots of the backup") })
    }
}
