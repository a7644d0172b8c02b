import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import Testing

@Suite struct MemoryTests {
    @Test(arguments: VolumeSnapshotterContract.checks.map(\.name)) func contract(check: String) async throws {
        let storage = MemorySnapshotter(delay: .milliseconds(3))
        var subject = SnapshotterSubject(
            missingVolume: "volume-x", missingSnapshot: "snapshot-x", open: { storage },
            makeVolume: {
                MemorySnapshotter.persistentVolume(
                    storage.makeVolume(), claim: ClaimName(namespace: "a", name: "b"))
            }, removeVolume: { storage[volume: $0] = nil })
        subject.content = SnapshotterSubject.Content(
            write: { storage[volume: $1] = $0 }, read: { storage[volume: $0] ?? "" }, readDirectory: { _ in "" })
        subject.tags = { storage.tags(of: $0) }
        subject.snapshots = { volume in Set(storage.snapshots.filter { $0.value == volume }.keys) }
        let check = try #require(VolumeSnapshotterContract.check(named: check))
        let outcome = await check.run(subject)
        if case .failed(let why) = outcome { Issue.record("\(check.name): \(why)") }
        #expect(storage.snapshots.isEmpty)
    }

    /// A suite that cannot fail says nothing: each broken promise is found by some check.
    @Test(arguments: ["mix", "shared", "wrongError", "leak", "foreign"]) func brokenPromisesAreFound(
        _ fault: String
    ) async {
        let storage = BrokenSnapshotter(fault)
        var subject = SnapshotterSubject(
            missingVolume: "volume-x", missingSnapshot: "snapshot-x", open: { storage },
            makeVolume: {
                MemorySnapshotter.persistentVolume(
                    storage.inner.makeVolume(), claim: ClaimName(namespace: "a", name: "b"))
            }, removeVolume: { storage.inner[volume: $0] = nil })
        subject.content = SnapshotterSubject.Content(
            write: { storage.inner[volume: $1] = $0 }, read: { storage.inner[volume: $0] ?? "" },
            readDirectory: { _ in "" })
        subject.snapshots = { volume in Set(storage.inner.snapshots.filter { $0.value == volume }.keys) }
        let results = await VolumeSnapshotterContract.run(subject)
        let failed = results.filter { if case .failed = $0.outcome { true } else { false } }
        #expect(!failed.isEmpty)
    }

    private static func given(_ storage: MemorySnapshotter, _ id: String) -> SnapshotterSubject.Volumes {
        .given(
            id: id,
            persistentVolume: MemorySnapshotter.persistentVolume(id, claim: ClaimName(namespace: "a", name: "b")))
    }

    @Test func aVolumeOfSomebodysIsLeftAlone() async {
        let storage = MemorySnapshotter()
        let id = storage.makeVolume(holding: "precious")
        let subject = SnapshotterSubject(
            volumes: Self.given(storage, id), missingVolume: "volume-x", missingSnapshot: nil, open: { storage })
        let results = await VolumeSnapshotterContract.run(subject)
        for result in results { if case .failed(let why) = result.outcome { Issue.record("\(result.name): \(why)") } }
        #expect(results.filter { $0.outcome == .held }.count >= 12)
        #expect(storage[volume: id] == "precious" && storage.snapshots.isEmpty)
        for thing in results.flatMap(\.remains) {
            #expect(thing.hasPrefix("volume "), "\(thing)")
            storage[volume: String(thing.dropFirst("volume ".count))] = nil
        }
        #expect(storage.volumes == [id], "what remains is told, and nothing else")
    }

    @Test(arguments: ["shared", "wrongError", "foreign", "undeletable"]) func brokenPromisesAreFoundOnAGivenVolume(
        _ fault: String
    ) async {
        let storage = BrokenSnapshotter(fault)
        let subject = SnapshotterSubject(
            volumes: Self.given(storage.inner, storage.inner.makeVolume()), missingVolume: "volume-x",
            missingSnapshot: nil, open: { storage })
        let results = await VolumeSnapshotterContract.run(subject)
        #expect(results.contains { if case .failed = $0.outcome { true } else { false } })
        guard fault == "undeletable" else { return }
        let told = results.flatMap(\.remains).filter { $0.hasPrefix("snapshot ") }
        #expect(Set(told) == Set(storage.inner.snapshots.keys.map { "snapshot \($0)" }), "all that is left is told")
    }
}

/// Breaks one promise.
private struct BrokenSnapshotter: VolumeSnapshotter {
    let inner = MemorySnapshotter(delay: .milliseconds(10))
    let fault: String
    let description = "broken"

    init(_ fault: String) { self.fault = fault }

    func volumeID(of persistentVolume: KubernetesObject) async throws -> String? {
        if fault == "foreign" { return persistentVolume[path: "spec", "csi", "volumeHandle"]?.string }
        return try await inner.volumeID(of: persistentVolume)
    }

    func setVolumeID(_ id: String, of persistentVolume: KubernetesObject) async throws -> KubernetesObject {
        try await inner.setVolumeID(id, of: persistentVolume)
    }

    func volumeInfo(_ id: String, zone: String?) async throws -> VolumeInfo {
        do {
            return try await inner.volumeInfo(id, zone: zone)
        } catch let error as VolumeSnapshotError where fault == "wrongError" {
            throw VolumeSnapshotError(.unavailable, operation: error.operation, storage: error.storage)
        }
    }

    func createSnapshot(of volumeID: String, zone: String?, tags: [String: String]) async throws -> String {
        if fault == "leak" {
            let id = try await Task { try await inner.createSnapshot(of: volumeID, zone: zone, tags: tags) }.value
            try Task.checkCancellation()
            return id
        }
        return try await inner.createSnapshot(of: volumeID, zone: zone, tags: tags)
    }

    func createVolume(from snapshotID: String, like info: VolumeInfo, zone: String?) async throws -> String {
        if fault == "shared", let volume = inner.snapshots[snapshotID] { return volume }
        let id = try await inner.createVolume(from: snapshotID, like: info, zone: zone)
        if fault == "mix", let volume = inner.snapshots[snapshotID] { inner[volume: id] = inner[volume: volume] }
        return id
    }

    func deleteSnapshot(_ id: String) async throws {
        guard fault != "undeletable" else {
            throw VolumeSnapshotError(.accessDenied, operation: "delete snapshot '\(id)'", storage: description)
        }
        try await inner.deleteSnapshot(id)
    }
}
