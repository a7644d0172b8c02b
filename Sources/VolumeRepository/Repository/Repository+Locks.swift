extension Repository {
    /// All locks, the oldest first. Which of them are stale is judged by this machine's clock.
    public func lockList() async throws -> [RepositoryLockInfo] { try await locks.list() }

    /// Removes the locks of dead runs.
    ///
    /// - Parameter all: remove every lock; a run that goes on all the same then fails before it adds a snapshot.
    /// - Returns: what was removed, and what is left.
    @discardableResult
    public func unlock(all: Bool = false) async throws -> (removed: [RepositoryLockInfo], left: [RepositoryLockInfo]) {
        // A lock of its own tells the store's time: this machine's clock may be wrong.
        let own = try await RepositoryLock.take(.check, objects: objects, tuning: tuning)
        do {
            let others = try await locks.list(now: own.storeTime).filter { $0.id != own.id }
            let removed = others.filter { all || $0.isStale }
            try await locks.remove(removed)
            await own.release()
            return (removed, others.filter { !all && !$0.isStale })
        } catch {
            await own.release()
            throw error
        }
    }
}
