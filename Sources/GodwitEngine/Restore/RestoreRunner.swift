public import GodwitModel
import Foundation
import Streams

/// Runs a restore from its name to its record.
public struct RestoreRunner: Sendable {
    private let catalog: BackupCatalog

    /// A runner that records in a location.
    public init(catalog: BackupCatalog) { self.catalog = catalog }

    /// Carries out what was prepared, and records in the location what became of each item.
    ///
    /// A run that is interrupted or breaks is recorded as failed, with what it had done until then, before the error is
    /// thrown. A dry run records nothing.
    /// - Returns: the restore with its status, and the report.
    public func run(
        _ prepared: PreparedRestore, observer: @escaping RunObserver
    ) async throws -> (restore: Restore, report: RestoreReport) {
        var restore = prepared.request.restore
        restore.status.started = Date()
        restore.status.totalItems = prepared.plan.itemCount
        // Actions may ask the restore when it began.
        var prepared = prepared
        prepared.request.restore = restore
        prepared.request.restore.status.phase = .inProgress
        guard !prepared.request.isDryRun else {
            let report = try await RestoreExecutor(prepared, observer: observer).run { _ in }
            return (finished(restore, report), report)
        }
        let reservation = try await catalog.reserve(restore: restore.name)
        let record = catalog.record(reservation)
        let log = RunLog()
        let outcomes = OutcomeLog()
        let observer: RunObserver = { event in
            switch event {
            case .log(let line), .detail(let line): log.append(line)
            case .progress: break
            }
            observer(event)
        }
        // The files are written by tasks of their own: a cancelled restore still stores what it has done.
        // When a writer ends early, nobody may wait for it.
        let itemsWritten = Task {
            defer { outcomes.finish() }
            return try await record.writeItems(outcomes.stream)
        }
        let logWritten = Task {
            defer { log.finish() }
            return try await record.writeLogs(log.stream)
        }
        let executor = RestoreExecutor(prepared, observer: observer)
        let recorder = executor.makeRecorder { await outcomes.append($0.json) }
        let result: Result<Void, any Error>
        do {
            try await Self.whileAlive(reservation) { try await executor.run(recorder) }
            result = .success(())
        } catch {
            log.append(LogLine(.error, "the restore ended early: \(error)"))
            result = .failure(error)
        }
        let report = recorder.report()
        restore = finished(restore, report)
        if case .failure(let error) = result {
            restore.status.phase = .failed
            restore.status.failureReason = error is CancellationError ? "interrupted" : "\(error)"
        }
        outcomes.finish()
        log.finish()
        let final = restore
        let mover = prepared.request.volumes?.mover
        let stored = Task {
            await mover?.close()
            var artifacts = [try await itemsWritten.value, try await logWritten.value]
            if mover != nil { artifacts.append(try await record.writeVolumes(report.volumes)) }
            try await record.finish(final, results: report.results, artifacts: artifacts)
        }
        do {
            try await stored.value
        } catch {
            await record.discard()
            // What ended the restore matters more than that it could not be written down.
            try result.get()
            throw error
        }
        try result.get()
        return (restore, report)
    }

    private func finished(_ restore: Restore, _ report: RestoreReport) -> Restore {
        var restore = restore
        restore.status.completed = Date()
        restore.status.itemsRestored = report.itemsRestored
        restore.status.warnings = report.warnings
        restore.status.errors = report.errors
        restore.status.phase = report.phase
        return restore
    }

    /// Runs the work for as long as the name is ours.
    private static func whileAlive(
        _ reservation: NameReservation, _ work: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await reservation.keepAlive() }
            tasks.addTask { try await work() }
            // Whichever ends first: the work, or the right to go on with it.
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }
}
