import Synchronization

/// Which rows somebody is restoring or has restored: each is restored once, and who needs one that is under way waits
/// for it.
final class RowClaims: Sendable {
    typealias Row = BackupIndex.Row

    private enum Progress: UInt8 { case open, taken, done }

    private struct State {
        var progress: [Progress]
        /// What a row that is under way waits for at the moment.
        var needs: [Row: Row] = [:]
        var waiting: [Row: [CheckedContinuation<Void, Never>]] = [:]
    }

    private let state: Mutex<State>

    init(count: Int) { state = Mutex(State(progress: Array(repeating: .open, count: count))) }

    /// Takes a row; false when it was taken before.
    ///
    /// - Parameter asker: the row that needs it, which must call ``satisfied(_:)`` when it has it.
    func claim(_ row: Row, for asker: Row? = nil) -> Bool {
        state.withLock { state in
            guard state.progress[Int(row)] == .open else { return false }
            state.progress[Int(row)] = .taken
            if let asker { state.needs[asker] = row }
            return true
        }
    }

    /// Tells that a row has what it needed.
    func satisfied(_ asker: Row) { state.withLock { $0.needs[asker] = nil } }

    /// Tells that a row is restored, or has failed.
    func finish(_ row: Row) {
        let waiting = state.withLock { state in
            state.progress[Int(row)] = .done
            return state.waiting.removeValue(forKey: row) ?? []
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits until a row is done. Rows that need each other in a circle do not wait: one of them has to be first.
    func wait(for row: Row, asker: Row) async {
        await withCheckedContinuation { continuation in
            let mustWait = state.withLock { state in
                guard state.progress[Int(row)] == .taken else { return false }
                var next: Row? = row
                while let current = next {
                    if current == asker { return false }
                    next = state.needs[current]
                }
                state.needs[asker] = row
                state.waiting[row, default: []].append(continuation)
                return true
            }
            if !mustWait { continuation.resume() }
        }
        satisfied(asker)
    }

    /// How many of these rows nobody has taken.
    func open(among rows: some Sequence<Row>) -> Int {
        state.withLock { state in rows.reduce(0) { $0 + (state.progress[Int($1)] == .open ? 1 : 0) } }
    }
}
