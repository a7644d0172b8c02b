public import Foundation
import GodwitModel

/// Whether the files of a volume can be got at, and where.
public enum VolumeReach: Sendable, Hashable {
    /// They are at this place, found in this way.
    case reachable(at: String, by: Way)
    /// They are not, for this reason, which says what the user can do.
    case unreachable(String)

    /// How the files of a volume were found.
    public enum Way: String, Sendable, Hashable {
        /// The user named the directory.
        case named = "--volume-path"
        /// The folder that a directory of manifests has for it.
        case manifestDirectory = "the manifest directory"
        /// A kubelet has mounted it.
        case kubelet = "--kubelet-root"
        /// The path of the PersistentVolume itself.
        case ownPath = "the path of its PersistentVolume"
        /// The export of an NFS server is mounted.
        case mountedExport = "the mounted NFS export"

        /// Whether it is what the PersistentVolume names, so that another one may name it too.
        var isPlaceOfVolume: Bool {
            switch self {
            case .ownPath, .mountedExport, .kubelet: true
            case .named, .manifestDirectory: false
            }
        }
    }
}

/// Moves the data of volumes between where volumes are and a repository.
///
/// This is the seam between the engine, which decides what happens to which volume and when, and the many places where
/// volumes are. ``LocalVolumeMover`` reads and writes what this machine can reach. One that lets agents do it on the
/// nodes goes in the same place.
public protocol VolumeDataMover: Sendable {
    /// The node whose kubelet's mounts it can read, as far as it is told; nil for none.
    var mountingNode: String? { get }

    /// Whether a volume can be backed up.
    func reach(toBackUp volume: ClaimedVolume) async throws -> VolumeReach

    /// Whether a volume can be filled.
    func reach(toRestore volume: ClaimedVolume) async throws -> VolumeReach

    /// Takes a snapshot of a volume.
    ///
    /// - Parameters:
    ///   - volume: what is backed up.
    ///   - order: what the snapshot is to say.
    ///   - observer: hears of progress and of entries with problems, from any task.
    /// - Returns: the data, and how many files changed while they were read.
    func backUp(
        _ volume: ClaimedVolume, _ order: VolumeBackupOrder, observer: VolumeObserver
    ) async throws -> (data: VolumeRecord.Data, changing: Int)

    /// Fills a volume from a snapshot.
    ///
    /// - Parameters:
    ///   - volume: what is filled.
    ///   - data: of a backup's row.
    ///   - order: how.
    ///   - observer: hears of progress and failures, from any task.
    func restore(
        _ volume: ClaimedVolume, from data: VolumeRecord.Data, _ order: VolumeRestoreOrder, observer: VolumeObserver
    ) async throws -> VolumeRestoreResult

    /// Forgets snapshots of a backup that came to nothing.
    func forget(snapshots: [String]) async throws

    /// Ends the work: locks are given up. Also done for a cancelled task.
    func close() async
}

/// What a snapshot is to say of where it belongs.
public struct VolumeBackupOrder: Sendable, Hashable {
    /// The backup.
    public var backup: String
    /// When it may be forgotten.
    public var expires: Date?
    /// Where the files are read instead of at the volume's own place: a snapshot of the storage shows them there.
    public var directory: String?
    /// The moment that the files are of, where it is over when they are read; nil for now.
    public var started: Date?
}

/// How a volume is filled.
public struct VolumeRestoreOrder: Sendable, Hashable {
    /// Remove what the snapshot does not have.
    public var deletesExtra = false
    /// Read everything back at the end and compare it.
    public var verifies = false
}

/// What came of filling a volume.
public struct VolumeRestoreResult: Sendable, Hashable {
    /// Where it was filled.
    public var path = ""
    /// Files whose content was written.
    public var filesWritten = 0
    /// Files that were there already as the snapshot has them.
    public var filesUnchanged = 0
    /// Bytes that were written.
    public var bytes: Int64 = 0
    /// Files and directories that were removed.
    public var removed = 0
    /// Files that were read back and are equal; nil when nothing was read back.
    public var verified: Int?
    /// Entries that are not as the snapshot has them.
    public var failures = 0

    /// Nothing yet.
    public init() {}
}

/// Hears how it goes with one volume.
public struct VolumeObserver: Sendable {
    /// Entries and bytes so far, often.
    public var progress: @Sendable (_ entries: Int, _ bytes: Int64) -> Void
    /// Something about one entry: its path in a form that can be shown, and what.
    public var remark: @Sendable (_ level: LogLine.Level, _ path: String, _ message: String) -> Void

    /// An observer.
    public init(
        progress: @escaping @Sendable (_ entries: Int, _ bytes: Int64) -> Void,
        remark: @escaping @Sendable (_ level: LogLine.Level, _ path: String, _ message: String) -> Void
    ) {
        self.progress = progress
        self.remark = remark
    }
}
