import Foundation
import GodwitModel
import GodwitPluginAPI
import Synchronization

/// A lock that this run holds: an object in the store that is refreshed while the run goes on.
///
/// The order of things is what makes it safe; see docs/repository-format.md. A lock that was broken is never made again:
/// it is refreshed only while it is so fresh that nobody can have taken it for stale.
final class RepositoryLock: Sendable {
    private struct State {
        var refreshed: ContinuousClock.Instant
        var storeTime: Date?
        var knownMarks: [String] = []
        var isLost = false
        var heartbeat: Task<Void, Never>?
    }

    let id: String
    private let use: RepositoryUse
    private let objects: RepositoryObjects
    private let started = Date()
    private let staleAfter: Duration
    private let state: Mutex<State>

    private init(_ use: RepositoryUse, objects: RepositoryObjects, staleAfter: Duration) throws {
        id = Hexadecimal.text(try Sodium.randomBytes(16))
        self.use = use
        self.objects = objects
        self.staleAfter = staleAfter
        state = Mutex(State(refreshed: ContinuousClock.now))
    }

    /// Takes a lock and keeps it fresh until it is released.
    ///
    /// - Throws: ``RepositoryError/Kind/locked`` when the use is exclusive and another living run's is too.
    static func take(
        _ use: RepositoryUse, objects: RepositoryObjects, tuning: RepositoryTuning
    ) async throws -> RepositoryLock {
        let lock = try RepositoryLock(use, objects: objects, staleAfter: tuning.lockStaleAfter)
        do {
            try await lock.write(ifAbsent: true)
            if use.isExclusive { try await lock.requireAlone() }
        } catch {
            await lock.release()
            throw error
        }
        lock.beat(every: tuning.lockRefresh)
        return lock
    }

    /// The time of the last refresh by the store's clock, where it has one.
    var storeTime: Date? { state.withLock { $0.storeTime } }

    /// Says which marks this run knows: a prune need not wait for it to sweep them.
    func know(marks: [String]) async throws {
        state.withLock { $0.knownMarks = marks }
        if !marks.isEmpty { try await refresh() }
    }

    /// Makes sure that nobody can have taken this run for dead.
    ///
    /// - Throws: ``RepositoryError/Kind/lockLost``.
    func verify() async throws {
        try requireFresh()
        guard try await objects.store.stat(key) != nil else { throw lose("its object is gone") }
        try requireFresh()
    }

    /// Writes the lock again, if it is still there.
    func refresh() async throws {
        try await verify()
        try await write(ifAbsent: false)
    }

    /// Writes what others rely on as soon as they see it, and takes it back when the lock was lost meanwhile: a machine
    /// that slept may have come back after a prune that took it for dead.
    ///
    /// - Parameters:
    ///   - write: puts it.
    ///   - undo: removes what was put.
    /// - Throws: ``RepositoryError/Kind/lockLost``, or the store's error; then nothing stays of it, as far as the store
    ///   can be reached.
    func guarding<Value: Sendable>(
        _ write: () async throws -> Value, undo: @escaping @Sendable (Value) async throws -> Void
    ) async throws -> Value {
        try await refresh()
        let written = try await write()
        do {
            try await verify()
        } catch {
            // In a task of its own, because this one may be cancelled.
            let removal = await Task { try await undo(written) }.result
            guard case .failure(let obstacle) = removal else { throw error }
            throw RepositoryError(
                .lockLost, subject: key, reason: "\(error); what was just written could not be removed: \(obstacle)")
        }
        return written
    }

    /// Removes the lock, as far as the store can be reached, whether the task is cancelled or not.
    func release() async {
        let heartbeat = state.withLock { $0.heartbeat.take() }
        heartbeat?.cancel()
        // A refresh that is on its way would make the lock again.
        await heartbeat?.value
        let (objects, key) = (objects, key)
        // What stays behind goes stale and is removed by the next prune.
        await Task { try? await objects.store.delete([key]) }.value
    }

    deinit { state.withLock { $0.heartbeat }?.cancel() }

    private var key: String { RepositoryLayout.lock(id) }

    private func write(ifAbsent: Bool) async throws {
        let marks = state.withLock { $0.knownMarks }
        let json: JSONValue = [
            "id": .string(id), "use": .string(use.rawValue), "host": .string(ProcessInfo.processInfo.hostName),
            "process": .integer(Int64(ProcessInfo.processInfo.processIdentifier)),
            "started": .string(RFC3339.format(started)), "refreshed": .string(RFC3339.format(Date())),
            "knownMarks": .array(marks.map { .string($0) }),
        ]
        // Before the put, because that is the earliest moment that others can see.
        let moment = ContinuousClock.now
        let info = try await objects.store.put(
            key, .bytes(json.serialized()), options: PutOptions(ifAbsent: ifAbsent, isShortLived: true))
        let modified =
            if let modified = info.modified { modified as Date? } else {
                try await objects.store.stat(key)?.modified
            }
        state.withLock { state in
            state.refreshed = moment
            state.storeTime = modified
        }
    }

    private func requireAlone() async throws {
        let locks = RepositoryLocks(objects: objects, staleAfter: staleAfter)
        let other = try await locks.list(now: storeTime).first { lock in
            lock.id != id && !lock.isStale && lock.use?.isExclusive != false
        }
        if let other {
            throw RepositoryError(
                .locked, subject: "the repository",
                reason: "\(other.use?.rawValue ?? "an unknown run") in process \(other.process) on \(other.host)")
        }
    }

    /// Three quarters of the time leave room for clocks that go differently.
    private func requireFresh() throws {
        let (isLost, age) = state.withLock { ($0.isLost, ContinuousClock.now - $0.refreshed) }
        if isLost { throw lose("its object is gone") }
        if age > staleAfter * 3 / 4 { throw lose("it could not be refreshed for \(age.components.seconds) s") }
    }

    private func lose(_ reason: String) -> RepositoryError {
        state.withLock { $0.isLost = true }
        return RepositoryError(.lockLost, subject: key, reason: reason)
    }

    private func beat(every interval: Duration) {
        let task = Task { [weak self] in
            while !Task.isCancelled {
                guard (try? await Task.sleep(for: interval)) != nil, let self else { return }
                // A failure is tried again at the next beat; verify() tells the run when there were too many.
                try? await self.refresh()
            }
        }
        state.withLock { $0.heartbeat = task }
    }
}
