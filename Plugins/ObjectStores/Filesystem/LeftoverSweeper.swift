import Glibc
import Synchronization

/// Removes unfinished files of writers that died, when a write begins, once an hour at most.
final class LeftoverSweeper: Sendable {
    /// How old a leftover must be, in seconds.
    private static let age = 24 * 60 * 60
    /// Files looked at in one sweep at most, so that a write never waits for huge work.
    private static let limit = 1000

    private let last = Mutex<Int?>(nil)

    func sweep(_ folder: Descriptor) {
        let now = time(nil)
        let isDue = last.withLock { last in
            if let last, now - last < 3600 { return false }
            last = now
            return true
        }
        guard isDue else { return }
        // A sweep is a courtesy: its failure must not fail the write that came by.
        try? removeLeftovers(in: folder, olderThan: now - Self.age)
    }

    private func removeLeftovers(in folder: Descriptor, olderThan limit: Int) throws {
        var seen = 0
        try folder.forEachEntry { entry throws(SystemError) in
            seen += 1
            guard seen <= Self.limit, !entry.isDirectory,
                let status = try folder.status(entry.name), status.st_mtim.tv_sec < limit
            else { return }
            let file = try folder.open(entry.name, O_RDONLY)
            // Whoever holds the lock is alive and slow, not dead.
            guard file.lock() else { return }
            _ = try folder.unlink(entry.name)
        }
    }
}
