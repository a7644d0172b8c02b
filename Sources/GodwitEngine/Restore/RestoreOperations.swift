import GodwitModel
import GodwitPluginAPI
import Synchronization

/// The operations that the actions of a restore have begun and that must end before it is complete, and the waits for
/// items to be ready.
final class RestoreOperations: Sendable {
    private struct Begun: Sendable {
        let id: String
        let action: any OperatingRestoreItemAction
        let item: ItemIdentity
    }

    private let restore: Restore
    private let timeout: Duration
    private let readinessTimeout: Duration
    private let isDryRun: Bool
    private let recorder: RestoreRecorder
    private let begun = Mutex<[Begun]>([])

    /// Operations that are asked for their progress at the same time.
    private static let parallel = 32
    private static let readinessPause = Duration.milliseconds(500)

    init(_ request: RestoreRequest, recorder: RestoreRecorder) {
        restore = request.restore
        timeout = request.operationTimeout
        readinessTimeout = request.resourceTimeout
        isDryRun = request.isDryRun
        self.recorder = recorder
    }

    /// Notes an operation.
    func add(_ id: String, of action: any OperatingRestoreItemAction, about item: ItemIdentity) {
        begun.withLock { $0.append(Begun(id: id, action: action, item: item)) }
    }

    /// Waits until all operations have ended. One that fails, or does not end in time, is an error of its item.
    ///
    /// - Throws: `CancellationError`; then the operations are cancelled too.
    func wait() async throws {
        let all = begun.withLock { $0 }
        guard !all.isEmpty else { return }
        recorder.begin("waiting for \(all.count) operations of plugins")
        let (restore, recorder) = (restore, recorder)
        let deadline = ContinuousClock.now + timeout
        _ = try await all.mapConcurrently(limit: Self.parallel) { operation in
            let waiting = OperationWait(id: operation.id, deadline: deadline) {
                try await operation.action.progress(of: operation.id, restore: restore)
            } cancel: {
                try await operation.action.cancel(operation.id, restore: restore)
            }
            if let failure = try await waiting.run() {
                recorder.fail("action \(operation.action.name): \(failure)", about: operation.item)
            }
        }
        begun.withLock { $0 = [] }
    }

    /// Cancels what goes on, because the restore ends early.
    func cancel() async {
        let all = begun.withLock { begun in
            defer { begun = [] }
            return begun
        }
        let (restore, recorder) = (restore, recorder)
        // A task of its own: what was cancelled still tells the plugins.
        await Task {
            for operation in all {
                do {
                    try await operation.action.cancel(operation.id, restore: restore)
                } catch {
                    recorder.warn(
                        "operation '\(operation.id)' of \(operation.action.name) could not be cancelled: \(error)",
                        about: operation.item)
                }
            }
        }.value
    }

    /// Waits until an action says that the items which it named are ready; when they are not in time, that is a warning
    /// and the item is restored all the same, as in Velero.
    func untilReady(_ wait: ActionChain.ReadinessWait, _ warnings: inout [String]) async throws {
        // In a dry run nothing was restored that could become ready.
        guard !isDryRun else { return }
        let timeout = wait.timeout ?? readinessTimeout
        let deadline = ContinuousClock.now + timeout
        do {
            while try await !wait.action.areReady(wait.items, restore: restore) {
                guard ContinuousClock.now < deadline else {
                    warnings.append(
                        "action \(wait.action.name): the items that it needs were not ready in \(timeout.components.seconds) s"
                    )
                    return
                }
                try await Task.sleep(for: Self.readinessPause)
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            warnings.append(
                "action \(wait.action.name) cannot tell whether the items that it needs are ready: \(error)")
        }
    }
}
