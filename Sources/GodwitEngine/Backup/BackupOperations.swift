import GodwitModel
import GodwitPluginAPI
import Synchronization

/// The operations that the actions of a backup have begun and that must end before it is complete.
final class BackupOperations: Sendable {
    private struct Begun: Sendable {
        let id: String
        let action: any OperatingBackupItemAction
        let item: ItemIdentity
    }

    private let backup: Backup
    private let recorder: RunRecorder
    private let timeout: Duration
    private let begun = Mutex<[Begun]>([])

    /// Operations that are asked for their progress at the same time.
    private static let parallel = 32

    /// - Parameter timeout: for all operations together, counted from when the backup begins to wait for them.
    init(backup: Backup, timeout: Duration, recorder: RunRecorder) {
        self.backup = backup
        self.timeout = timeout
        self.recorder = recorder
    }

    /// Notes an operation.
    func add(_ id: String, of action: any BackupItemAction, about item: ItemIdentity) {
        guard let action = action as? any OperatingBackupItemAction else {
            recorder.fail("action \(action.name) began an operation and cannot tell its progress", about: item)
            return
        }
        begun.withLock { $0.append(Begun(id: id, action: action, item: item)) }
    }

    /// Waits until all operations have ended. One that fails, or does not end in time, is an error of its item.
    ///
    /// - Throws: `CancellationError`; then the operations are cancelled too.
    func wait() async throws {
        let all = begun.withLock { $0 }
        guard !all.isEmpty else { return }
        recorder.begin("waiting for \(all.count) operations of plugins")
        let (backup, recorder) = (backup, recorder)
        let deadline = ContinuousClock.now + timeout
        _ = try await all.mapConcurrently(limit: Self.parallel) { operation in
            let waiting = OperationWait(id: operation.id, deadline: deadline) {
                try await operation.action.progress(of: operation.id, backup: backup)
            } cancel: {
                try await operation.action.cancel(operation.id, backup: backup)
            }
            if let failure = try await waiting.run() {
                recorder.fail("action \(operation.action.name): \(failure)", about: operation.item)
            }
        }
        begun.withLock { $0 = [] }
    }

    /// Cancels what goes on, because the backup comes to nothing.
    func cancel() async {
        let all = begun.withLock { begun in
            defer { begun = [] }
            return begun
        }
        let (backup, recorder) = (backup, recorder)
        // A task of its own: what was cancelled still tells the plugins.
        await Task {
            for operation in all {
                do {
                    try await operation.action.cancel(operation.id, backup: backup)
                } catch {
                    recorder.warn(
                        "operation '\(operation.id)' of \(operation.action.name) could not be cancelled: \(error)",
                        about: operation.item)
                }
            }
        }.value
    }
}
