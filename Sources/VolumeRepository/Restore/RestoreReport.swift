import Glibc
import GodwitPluginAPI
import Synchronization

/// Something that was not restored as the snapshot has it.
public struct VolumeRestoreFailure: Sendable, Equatable {
    /// The path in the snapshot.
    public let path: [UInt8]
    /// Why, in words.
    public let reason: String
}

/// What a restore did.
public struct VolumeRestoreReport: Sendable, Equatable {
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
    public internal(set) var failures: [VolumeRestoreFailure] = []
}

/// Gathers the report from all threads.
final class RestoreLog: Sendable {
    private struct State {
        var report = VolumeRestoreReport()
        var onceOnly: Set<String> = []
        var lost: Set<[UInt8]> = []
        var end: (any Error)?
    }

    private let state = Mutex(State())
    private let observer: Restorer.Observer

    init(_ observer: Restorer.Observer) { self.observer = observer }

    var report: VolumeRestoreReport { state.withLock { $0.report } }

    func count(_ change: (inout VolumeRestoreReport) -> Void) { state.withLock { change(&$0.report) } }

    /// Tells the observer how far it is.
    func tell() { observer.progress(report) }

    // MARK: Failures

    func fail(_ path: [UInt8], _ reason: String) {
        let failure = VolumeRestoreFailure(path: path, reason: reason)
        let isTold = state.withLock { state in
            if state.end != nil { return false }
            state.report.failureCount += 1
            if state.report.failures.count < 1000 { state.report.failures.append(failure) }
            return true
        }
        if isTold { observer.failure(failure) }
    }

    func fail(_ path: [UInt8], _ error: any Error) {
        let endsAll = (error as? FileError)?.endsAll ?? (error as? ObjectStoreError)?.endsAll ?? false
        guard endsAll else { return fail(path, "\(error)") }
        state.withLock { $0.end = $0.end ?? error }
    }

    /// Records a failure that every file would have, at the first of them only.
    func failOnce(_ key: String, _ path: [UInt8], _ error: FileError) {
        if state.withLock({ $0.onceOnly.insert(key).inserted }) { fail(path, "\(error); no more is said of this") }
    }

    /// Stops a restore of which nothing more can come: every file would fail for the same reason.
    func checkEnd() throws { if let error = state.withLock({ $0.end }) { throw error } }

    // MARK: Hard links

    /// Records that an entry is not restored, so that nothing is linked to what is there under its name.
    func lose(_ entry: TreeEntry, _ error: any Error) {
        lose(entry)
        fail(entry.path, error)
    }

    func lose(_ entry: TreeEntry, _ reason: String) {
        lose(entry)
        fail(entry.path, reason)
    }

    func lose(_ entry: TreeEntry) {
        if entry.links > 1 { state.withLock { _ = $0.lost.insert(entry.path) } }
    }

    func isLost(_ path: [UInt8]) -> Bool { state.withLock { $0.lost.contains(path) } }
}

extension FileError {
    /// Whether nothing more can be written anywhere on the file system.
    fileprivate var endsAll: Bool { [ENOSPC, EDQUOT, EROFS].contains(code) }
}

extension ObjectStoreError {
    /// Whether nothing more can be read, after all that was tried to.
    fileprivate var endsAll: Bool {
        switch kind {
        case .bucketNotFound, .unauthenticated, .clockSkew, .throttled, .unavailable, .connection,
            .invalidConfiguration:
            true
        default: false
        }
    }
}
