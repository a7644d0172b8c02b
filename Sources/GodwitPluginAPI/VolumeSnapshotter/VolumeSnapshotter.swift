public import GodwitModel

/// Something that takes snapshots of the volumes of one kind of storage, and makes volumes of them: EBS, btrfs, a
/// vendor's array.
///
/// What every implementation promises, and the contract suite in GodwitTestKit checks:
///
/// - A **volume id** and a **snapshot id** are text that only the snapshotter understands, not empty.
/// - **Point in time**: a snapshot holds the volume as it was when ``createSnapshot(of:zone:tags:)`` was called or
///   later, never a mix; what is written after the call has returned is not in it.
/// - **Durable**: when ``createSnapshot(of:zone:tags:)`` has returned, a volume can be made of the snapshot, and the
///   volume it was taken of may go away.
/// - **Missing**: deleting a snapshot that does not exist succeeds; anything else about what does not exist throws
///   ``VolumeSnapshotError/Kind/notFound``.
/// - **Concurrency**: all methods may be called at once from any task.
/// - **Cancellation** of the calling task ends the call soon, with `CancellationError`; a snapshot or volume that the
///   cut-off call had begun to make is removed as far as the storage can be reached.
///
/// All errors are ``VolumeSnapshotError`` or `CancellationError`.
public protocol VolumeSnapshotter: Sendable {
    /// The storage in words for messages, without secrets: `EBS in eu-west-1`.
    var description: String { get }

    /// The id of the volume behind a PersistentVolume; nil when it is not of this snapshotter's storage.
    func volumeID(of persistentVolume: KubernetesObject) async throws -> String?

    /// The PersistentVolume with another volume behind it: what a restore creates.
    func setVolumeID(_ id: String, of persistentVolume: KubernetesObject) async throws -> KubernetesObject

    /// What must be known of a volume to make one like it.
    ///
    /// - Parameter zone: the failure domain that the PersistentVolume names; nil where there is none.
    func volumeInfo(_ id: String, zone: String?) async throws -> VolumeInfo

    /// Takes a snapshot and waits until it can be used.
    ///
    /// - Parameter tags: put on the snapshot where the storage has tags, beside those of the volume.
    /// - Returns: the snapshot's id.
    func createSnapshot(of volumeID: String, zone: String?, tags: [String: String]) async throws -> String

    /// Makes a volume of a snapshot and waits until it can be used.
    ///
    /// - Returns: the volume's id.
    func createVolume(from snapshotID: String, like info: VolumeInfo, zone: String?) async throws -> String

    /// Deletes a snapshot.
    func deleteSnapshot(_ id: String) async throws
}

/// A snapshotter that can say what became of its snapshots, and show what is in them. Plugins of Velero's protocol cannot.
public protocol SnapshotInspection: VolumeSnapshotter {
    /// Where snapshots are, as a text that is the same in every run: a region, the id of a file system. A backup remembers
    /// it, so that a snapshot is not looked for, and not deleted, in another place.
    var place: String { get }

    /// Whether a volume can still be made of a snapshot.
    func exists(_ snapshotID: String) async throws -> Bool

    /// The directory on this machine in which the files of a snapshot can be read, until it is deleted; nil where the
    /// storage shows none. What is read there is the volume at one point in time.
    func directory(of snapshotID: String) async throws -> String?
}

/// What must be known of a volume to make one like it.
public struct VolumeInfo: Sendable, Hashable {
    /// The storage's own name for the kind of volume, such as `gp3`; empty where there are no kinds.
    public var type: String
    /// Input and output operations a second that the volume was given; nil where that is not chosen.
    public var iops: Int64?
    /// MiB a second that the volume was given; nil where that is not chosen. Plugins of Velero's protocol do not know it.
    public var throughput: Int64?

    /// What is known of a volume.
    public init(type: String = "", iops: Int64? = nil, throughput: Int64? = nil) {
        self.type = type
        self.iops = iops
        self.throughput = throughput
    }
}

/// What makes snapshotters from the configuration of a volume snapshot location: the entry of a snapshotter plugin.
public protocol VolumeSnapshotterProvider: Sendable {
    /// The plugin's name, `prefix/name`: `godwit.io/ebs`. A VolumeSnapshotLocation names it as its provider.
    var name: String { get }
    /// The keys of a configuration that it understands, each with a line for people.
    var parameters: [(name: String, meaning: String)] { get }

    /// Makes a snapshotter. Nothing need be reached yet, but a configuration that cannot work throws
    /// ``VolumeSnapshotError/Kind/invalidConfiguration``.
    func open(_ configuration: [String: String]) async throws -> any VolumeSnapshotter
}
