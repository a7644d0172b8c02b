import GodwitPluginAPI

/// Waits for one operation of an action, looking after it less and less often.
struct OperationWait: Sendable {
    private let id: String
    private let deadline: ContinuousClock.Instant
    private let progress: @Sendable () async throws -> OperationProgress
    private let cancel: @Sendable () async throws -> Void

    private static let firstPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(10)
    /// Questions in a row that may fail: a program that crashed is started again meanwhile.
    private static let patience = 3

    init(
        id: String, deadline: ContinuousClock.Instant,
        progress: @escaping @Sendable () async throws -> OperationProgress,
        cancel: @escaping @Sendable () async throws -> Void
    ) {
        self.id = id
        self.deadline = deadline
        self.progress = progress
        self.cancel = cancel
    }

    /// Waits.
    ///
    /// - Returns: what went wrong; nil when the operation went well.
    /// - Throws: `CancellationError`; then the operation is cancelled too.
    func run() async throws -> String? {
        var pause = Self.firstPause
        var failures = 0
        do {
            while true {
                do {
                    let state = try await progress()
                    failures = 0
                    if state.isCompleted {
                        return state.error.map { "operation '\(id)' failed: \($0)" }
                    }
                } catch let error as CancellationError {
                    throw error
                } catch {
                    failures += 1
                    if failures >= Self.patience { return "nobody knows what became of operation '\(id)': \(error)" }
                }
                guard ContinuousClock.now < deadline else {
                    let outcome = await cancelled()
                    return "operation '\(id)' did not end in time\(outcome)"
                }
                try await Task.sleep(for: min(pause, max(deadline - ContinuousClock.now, .milliseconds(1))))
                pause = min(pause * 2, Self.longestPause)
            }
        } catch let error as CancellationError {
            _ = await cancelled()
            throw error
        }
    }

    /// Cancels the operation, also when the task itself is cancelled.
    private func cancelled() async -> String {
        let cancel = cancel
        return await Task {
            do {
                try await cancel()
                return " and was cancelled"
            } catch {
                return " and could not be cancelled: \(error)"
            }
        }.value
    }
}
