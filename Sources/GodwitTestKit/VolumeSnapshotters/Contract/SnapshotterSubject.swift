public import GodwitModel
public import GodwitPluginAPI

/// The snapshotter under test, and the storage behind it as the suite sees it.
public struct SnapshotterSubject: Sendable {
    /// Opens the snapshotter. Called once for each check.
    public var open: @Sendable () async throws -> any VolumeSnapshotter
    /// Where the suite has its volumes from.
    public var volumes: Volumes
    /// Changes the content of a volume to a text and reads it; nil where the suite cannot see into volumes, or must not.
    public var content: Content?
    /// The tags of a snapshot; nil where they cannot be seen.
    public var tags: (@Sendable (_ snapshotID: String) async throws -> [String: String])?
    /// The ids of all snapshots of a volume; nil where they cannot be listed.
    public var snapshots: (@Sendable (_ volumeID: String) async throws -> Set<String>)?
    /// The id of a volume that does not exist, well-formed.
    public var missingVolume: String
    /// The id of a snapshot that does not exist, well-formed; nil for one that the suite has taken and deleted.
    public var missingSnapshot: String?
    /// The zone of the volumes; nil for none.
    public var zone: String?

    /// Where volumes come from.
    public enum Volumes: Sendable {
        /// The suite makes and removes them. `make` gives a PersistentVolume which names a claim that it is bound to.
        case made(
            make: @Sendable () async throws -> KubernetesObject, remove: @Sendable (_ id: String) async throws -> Void)
        /// Somebody's own volume, which is only looked at and snapshotted. Volumes that are made of its snapshots stay:
        /// no snapshotter removes volumes. Without the PersistentVolume, what is about that is skipped.
        case given(id: String, persistentVolume: KubernetesObject?)
        /// None: what needs one is skipped.
        case none
    }

    /// What is in a volume.
    public struct Content: Sendable {
        /// Makes a text the content of a volume.
        public var write: @Sendable (_ text: String, _ volumeID: String) async throws -> Void
        /// Reads it.
        public var read: @Sendable (_ volumeID: String) async throws -> String
        /// Reads it below a directory that a snapshotter has shown.
        public var readDirectory: @Sendable (_ path: String) async throws -> String

        /// A content that can be seen.
        public init(
            write: @escaping @Sendable (_ text: String, _ volumeID: String) async throws -> Void,
            read: @escaping @Sendable (_ volumeID: String) async throws -> String,
            readDirectory: @escaping @Sendable (_ path: String) async throws -> String
        ) {
            self.write = write
            self.read = read
            self.readDirectory = readDirectory
        }
    }

    /// A subject whose volumes the suite makes; what has a default is set afterwards.
    public init(
        missingVolume: String, missingSnapshot: String,
        open: @escaping @Sendable () async throws -> any VolumeSnapshotter,
        makeVolume: @escaping @Sendable () async throws -> KubernetesObject,
        removeVolume: @escaping @Sendable (_ id: String) async throws -> Void
    ) {
        self.init(
            volumes: .made(make: makeVolume, remove: removeVolume), missingVolume: missingVolume,
            missingSnapshot: missingSnapshot, open: open)
    }

    /// A subject; what has a default is set afterwards.
    public init(
        volumes: Volumes, missingVolume: String, missingSnapshot: String?,
        open: @escaping @Sendable () async throws -> any VolumeSnapshotter
    ) {
        self.volumes = volumes
        self.missingVolume = missingVolume
        self.missingSnapshot = missingSnapshot
        self.open = open
    }
}
