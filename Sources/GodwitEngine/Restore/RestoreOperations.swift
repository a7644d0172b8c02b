import GodwitModel
import GodwitPluginAPI

/// The operations that the actions of a restore have begun and that must end before it is complete, and the waits for
/// items to be ready.
final class RestoreOperations: Sendable {
    private let restore: Restore
    private let readinessTimeout: Duration
    private let isDryRun: Bool
    private let begun: BegunOperations

    private static let readinessPause = Duration.milliseconds(500)

    init(_ request: RestoreRequest, recorder: RestoreRecorder) {
        restore = request.restore
        readinessTimeout = request.resourceTimeout
        isDryRun = request.isDryRun
        begun = BegunOperations(timeout: request.operationTimeout, listener: recorder.operations)
    }

    /// Notes an operation.
    func add(_ id: String, of action: any OperatingRestoreItemAction, about item: ItemIdentity) {
        let restore = restore
        begun.add(
            BegunOperations.Operation(id: id, action: action.name, item: item) {
                try await action.progress(of: id, restore: restore)
            } cancel: {
                try await action.cancel(id, restore: restore)
            })
    }

    /// Waits until all operations have ended; see ``BegunOperations/wait()``.
    func wait() async throws { try await begun.wait() }

    /// Cancels what goes on, because the restore ends early.
    func cancel() async { await begun.cancel() }

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
