package import HTTPTransport
package import Streams
import Synchronization

/// A service of the machine or the cluster that gives credentials, such as a metadata server, and that may refuse for the
/// first seconds of a pod's life (GKE's does).
///
/// Where it is known to be there, or a cluster is around us, a connection that fails is tried again for some seconds.
/// Elsewhere the first failure says that there is no such service, and nobody waits.
package final class NearbyService: Sendable {
    /// Five attempts in four seconds, more or less.
    package static let patience = RetryPolicy(attempts: 5, base: .milliseconds(500), cap: .seconds(4))

    private let isNamed: Bool
    private let isInCluster: Bool
    private let policy: RetryPolicy
    private let hasAnswered = Mutex(false)

    /// - Parameters:
    ///   - isNamed: whether the environment says where it is.
    ///   - environment: the process's environment, which tells of a cluster.
    package init(isNamed: Bool, environment: [String: String], policy: RetryPolicy = patience) {
        self.isNamed = isNamed
        isInCluster = environment["KUBERNETES_SERVICE_HOST"].map { !$0.isEmpty } ?? false
        self.policy = policy
    }

    /// Whether the service exists, so that a failure to reach it says nothing of what it would give.
    package var isThere: Bool { isNamed || hasAnswered.withLock { $0 } }

    /// Asks the service, again if it cannot be reached.
    ///
    /// - Throws: the last error of the question.
    package func ask<Answer: Sendable>(_ question: @Sendable () async throws -> Answer) async throws -> Answer {
        let answer = try await policy.run(
            retryDelay: { error in self.isWorthAnother(error) ? .zero : nil }, operation: { _ in try await question() })
        hasAnswered.withLock { $0 = true }
        return answer
    }

    private func isWorthAnother(_ error: any Error) -> Bool {
        guard isThere || isInCluster, let error = error as? HTTPTransportError else { return false }
        return switch error.kind {
        case .connect, .timeout, .interrupted: true
        default: false
        }
    }
}
