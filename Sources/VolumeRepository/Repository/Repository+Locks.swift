extension Repository {
    /// All locks, the oldest first.
    public func lockList() async throws -> [RepositoryLockInfo] { try await locks.list() }

    /// Removes the locks of dead runs.
    ///
    /// - Parameter all: remove every lock; a run that goes on all the same then fails before it adds a snapshot.
    /// - Returns: what was removed.
    @discardableResult
    public func unlock(all: Bool = false) async throws -> [RepositoryLockInfo] {
        let removed = try await locks.list().filter { all || $0.isStale }
        try await locks.remove(removed)
        return removed
    }
}
