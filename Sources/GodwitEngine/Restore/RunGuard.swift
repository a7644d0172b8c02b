import GodwitModel
import KubernetesClient
import Synchronization

/// Tells failures of an item from failures of the run: when nobody answers, or the login is no longer good, going on
/// would only fail every item that is left.
final class RunGuard: Sendable {
    /// So many failures in a row that could be the server's own make it worth asking the server.
    private static let suspicion = 16
    /// A server that answered this recently is alive.
    private static let trust = Duration.seconds(1)

    private struct State {
        var lastAnswer: ContinuousClock.Instant?
        var probe: Task<Void, any Error>?
    }

    private let cluster: any Cluster
    private let failuresInRow = Atomic<Int>(0)
    private let state = Mutex(State())

    init(_ cluster: any Cluster) { self.cluster = cluster }

    /// Tells that the server did something that it was asked.
    func succeeded() { failuresInRow.store(0, ordering: .relaxed) }

    /// Judges why an item failed.
    ///
    /// - Throws: ``RunFailure`` when the run must end.
    func judge(_ error: any Error) async throws {
        let cause = (error as? ActionError)?.cause ?? error
        switch cause {
        case is RunFailure: throw cause
        case let error as ClusterError:
            switch error.kind {
            case .unauthorized: throw RunFailure(cause: error)
            case .unavailable, .throttled:
                let failures = failuresInRow.add(1, ordering: .relaxed).newValue
                if failures >= Self.suspicion { try await askServer() }
            case .manifest:
                // A directory cannot be asked how it is; a disk that is full fails every file.
                let failures = failuresInRow.add(1, ordering: .relaxed).newValue
                if failures >= Self.suspicion { throw RunFailure(cause: error) }
            // Any other refusal is an answer.
            default: succeeded()
            }
        case is BackupStorageError, is WaitTimeoutError, is ItemError, is JSONError: break
        // What is no answer of a cluster may be that there was none.
        default: try await askServer()
        }
    }

    private func askServer() async throws {
        let probe: Task<Void, any Error>? = state.withLock { state in
            if let probe = state.probe { return probe }
            if let last = state.lastAnswer, last.duration(to: .now) < Self.trust { return nil }
            let probe = Task { _ = try await cluster.version() }
            state.probe = probe
            return probe
        }
        guard let probe else { return }
        let result = await withTaskCancellationHandler {
            await probe.result
        } onCancel: {
            probe.cancel()
        }
        state.withLock { state in
            guard state.probe == probe else { return }
            state.probe = nil
            if case .success = result { state.lastAnswer = .now }
        }
        switch result {
        case .success: succeeded()
        case .failure(let error as CancellationError): throw error
        case .failure(let error): throw RunFailure(cause: error)
        }
    }
}

/// The run cannot go on.
struct RunFailure: Error {
    /// What a person is told.
    let cause: any Error
}

/// An item cannot be restored, for a reason that only concerns it.
struct ItemError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
