import GodwitModel
import GodwitPluginAPI
import Synchronization

/// A cluster that takes any snapshot.
final class ClaimSnapshotterFake: ClaimSnapshotter {
    let name = "example.com/claims"
    private let state = Mutex<[String]>([])
    private let offering: @Sendable () throws -> Void
    private let meeting: Int
    private let providing = Mutex(0)
    private let hasSnapshots: Bool

    /// - Parameters:
    ///   - meeting: how many claims must ask for their snapshots before any gets one.
    ///   - hasSnapshots: whether a snapshot that is to be deleted is there.
    ///   - offering: what it throws is thrown where a snapshot is to be offered.
    init(meeting: Int = 0, hasSnapshots: Bool = true, offering: @escaping @Sendable () throws -> Void = {}) {
        self.meeting = meeting
        self.hasSnapshots = hasSnapshots
        self.offering = offering
    }

    private let removed = Mutex<[String]>([])

    /// The names of what was withdrawn.
    var withdrawn: [String] { removed.withLock { $0 } }

    /// The claims of which snapshots were taken.
    var taken: [String] { state.withLock { $0 } }

    func offer(
        for claim: KubernetesObject, volume: KubernetesObject, backup: Backup
    ) async throws -> ClaimSnapshotOffer? {
        try offering()
        return ClaimSnapshotOffer(driver: "d.example.com", snapshotClass: "fast")
    }

    func createSnapshot(
        of claim: ClaimName, with offer: ClaimSnapshotOffer, labels: [String: String], timeout: Duration
    ) async throws -> ClaimSnapshot {
        state.withLock { $0.append(claim.description) }
        return ClaimSnapshot(driver: offer.driver, handle: "h-1")
    }

    func claim(
        _ claim: KubernetesObject, from snapshot: ClaimSnapshot, named name: String
    ) -> KubernetesObject {
        var claim = claim
        claim[path: "spec", "dataSource"] = ["kind": "VolumeSnapshot", "name": .string(name)]
        return claim
    }

    func snapshotName(of claim: KubernetesObject) -> String? { claim[path: "spec", "dataSource", "name"]?.string }

    func provide(
        _ snapshot: ClaimSnapshot, as name: String, in namespace: String, labels: [String: String], timeout: Duration
    ) async throws {
        providing.withLock { $0 += 1 }
        let end = ContinuousClock.now + timeout
        while providing.withLock({ $0 < meeting }) {
            guard ContinuousClock.now < end else {
                throw VolumeSnapshotError(.unavailable, operation: "provide", storage: "fake", reason: "it is alone")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    func withdraw(_ name: String, in namespace: String) async throws { removed.withLock { $0.append(name) } }

    func deleteSnapshot(_ snapshot: ClaimSnapshot, timeout: Duration) async throws -> Bool { hasSnapshots }
}
