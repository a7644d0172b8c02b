import GodwitModel
import GodwitPluginAPI
import Streams
import Synchronization

/// The operations that the actions of a backup or restore have begun and that must end before it is complete.
final class BegunOperations: Sendable {
    /// An operation, and how to ask for it.
    struct Operation: Sendable {
        let id: String
        /// The action's name.
        let action: String
        let item: ItemIdentity
        let progress: @Sendable () async throws -> OperationProgress
        let cancel: @Sendable () async throws -> Void
    }

    /// Who is told what happens.
    struct Listener: Sendable {
        let begin: @Sendable (_ activity: String) -> Void
        let warn: @Sendable (_ message: String, _ item: ItemIdentity) -> Void
        let fail: @Sendable (_ message: String, _ item: ItemIdentity) -> Void
    }

    private let timeout: Duration
    private let listener: Listener
    private struct State {
        var underWay: [Int: Operation] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    /// Operations that are asked for their progress at the same time.
    private static let parallel = 32

    /// - Parameter timeout: for all operations together, counted from when the run begins to wait for them.
    init(timeout: Duration, listener: Listener) {
        self.timeout = timeout
        self.listener = listener
    }

    /// Notes an operation.
    func add(_ operation: Operation) {
        state.withLock { state in
            state.underWay[state.next] = operation
            state.next += 1
        }
    }

    /// Those that go on, in the order in which they began.
    private var underWay: [(ticket: Int, operation: Operation)] {
        state.withLock { state in state.underWay.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }

    private func forget(_ ticket: Int) { state.withLock { _ = $0.underWay.removeValue(forKey: ticket) } }

    /// Waits until all operations have ended. One that fails, or does not end in time, is an error of its item.
    ///
    /// - Throws: `CancellationError`; then those that were waited for are cancelled, and ``cancel()`` ends the others.
    func wait() async throws {
        let all = underWay
        guard !all.isEmpty else { return }
        listener.begin("waiting for \(all.count) operations of plugins")
        let listener = listener
        let deadline = ContinuousClock.now + timeout
        _ = try await all.mapConcurrently(limit: Self.parallel) { ticket, operation in
            defer { self.forget(ticket) }
            let waiting = OperationWait(
                id: operation.id, deadline: deadline, progress: operation.progress, cancel: operation.cancel)
            if let failure = try await waiting.run() {
                listener.fail("action \(operation.action): \(failure)", operation.item)
            }
        }
    }

    /// Cancels what goes on, because the run comes to nothing.
    func cancel() async {
        let all = underWay
        guard !all.isEmpty else { return }
        let listener = listener
        // A task of its own: what was cancelled still tells the plugins. Nothing in it throws.
        await Task {
            _ = try? await all.mapConcurrently(limit: Self.parallel) { ticket, operation in
                defer { self.forget(ticket) }
                do {
                    try await operation.cancel()
                } catch {
                    listener.warn(
                        "operation '\(operation.id)' of \(operation.action) could not be cancelled: \(error)",
                        operation.item)
                }
            }
        }.value
    }
}
