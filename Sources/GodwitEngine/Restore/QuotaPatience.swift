import GodwitModel
import KubernetesClient
import Synchronization

/// Creates objects in namespaces with a quota that the cluster has not computed yet.
///
/// A quota that was just restored, or that counts a resource whose CRD was, has no status for seconds or minutes, and the API
/// server refuses everything that it would count. So the creation is tried again with growing pauses. A quota that was
/// waited for in vain once is not waited for again: without a quota controller every item would take that long.
final class QuotaPatience: Sendable {
    private struct State {
        var told: Set<Quota> = []
        var givenUp: Set<Quota> = []
    }

    private let timeout: Duration
    private let observer: RunObserver
    private let state = Mutex(State())

    private static let firstPause = Duration.milliseconds(200)
    private static let longestPause = Duration.seconds(4)

    private struct Quota: Hashable {
        let namespace: String?
        let resource: GroupResource
    }

    /// - Parameters:
    ///   - timeout: how long one quota is waited for.
    ///   - observer: is told what is waited for, once.
    init(timeout: Duration, observer: @escaping RunObserver) {
        self.timeout = timeout
        self.observer = observer
    }

    /// Creates an object, when the quota of its namespace is known.
    ///
    /// - Throws: the last refusal when that takes too long; any other error at once.
    func create(_ object: KubernetesObject, at place: Place, in target: TargetCluster) async throws -> Item {
        let quota = Quota(namespace: place.namespace, resource: place.resource.groupResource)
        let deadline = ContinuousClock.now + timeout
        var pause = Self.firstPause
        while true {
            do {
                return try await target.create(object, at: place)
            } catch let refusal as ClusterError where refusal.kind == .quotaPending && !target.isDryRun {
                let left = ContinuousClock.now.duration(to: deadline)
                guard left > .zero else {
                    state.withLock { _ = $0.givenUp.insert(quota) }
                    throw refusal
                }
                guard !state.withLock({ $0.givenUp.contains(quota) }) else { throw refusal }
                if state.withLock({ $0.told.insert(quota).inserted }) {
                    let reason = refusal.reason ?? "the server has not computed the quota"
                    observer(
                        .log(LogLine(.info, "waiting for a quota of the namespace: \(reason)", item: place.identity)))
                }
                // Many wait at once; they should not come back at once.
                try await Task.sleep(for: min(left, pause * Double.random(in: 0.5...1)))
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }
}
