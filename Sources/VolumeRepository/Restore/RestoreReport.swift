import Synchronization

/// Something that was not restored as the snapshot has it.
public struct RestoreFailure: Sendable, Equatable {
    /// The path in the snapshot.
    public let path: [UInt8]
    /// Why, in words.
    public let reason: String
}

/// What a restore did.
public struct RestoreReport: Sendable, Equatable {
    /// Files whose content was written.
    public internal(set) var filesWritten = 0
    /// Files that were there already as the snapshot has them.
    public internal(set) var filesUnchanged = 0
    /// Directories of the snapshot, made or found.
    public internal(set) var directories = 0
    /// Symbolic links, hard links, fifos and devices, made or found.
    public internal(set) var others = 0
    /// Bytes of content that were written; holes are not among them.
    public internal(set) var bytesWritten: Int64 = 0
    /// Files and directories that the target had and the snapshot has not, and that were removed.
    public internal(set) var removed = 0
    /// Files whose content was read back or compared and is the snapshot's.
    public internal(set) var filesVerified = 0
    /// How many failures there were.
    public internal(set) var failureCount = 0
    /// The first failures, a thousand at most; all of them go to the callback.
    public internal(set) var failures: [RestoreFailure] = []
}

/// Gathers the report from all threads.
final class RestoreLog: Sendable {
    private struct State {
        var report = RestoreReport()
        var onceOnly: Set<String> = []
    }

    private let state = Mutex(State())
    private let onFailure: @Sendable (RestoreFailure) -> Void

    init(onFailure: @escaping @Sendable (RestoreFailure) -> Void) { self.onFailure = onFailure }

    var report: RestoreReport { state.withLock { $0.report } }

    func count(_ change: (inout RestoreReport) -> Void) { state.withLock { change(&$0.report) } }

    func fail(_ path: [UInt8], _ reason: String) {
        let failure = RestoreFailure(path: path, reason: reason)
        state.withLock { state in
            state.report.failureCount += 1
            if state.report.failures.count < 1000 { state.report.failures.append(failure) }
        }
        onFailure(failure)
    }

    func fail(_ path: [UInt8], _ error: any Error) { fail(path, "\(error)") }

    /// Records a failure that every file would have, at the first of them only.
    func failOnce(_ key: String, _ path: [UInt8], _ reason: String) {
        if state.withLock({ $0.onceOnly.insert(key).inserted }) { fail(path, "\(reason); no more is said of this") }
    }
}
