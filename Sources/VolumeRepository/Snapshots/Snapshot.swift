public import Foundation
public import GodwitModel

/// What a volume was at one moment: where its tree is, and what people want to know of it.
public struct Snapshot: Sendable, Hashable {
    /// Which volume: that of a claim.
    public typealias Volume = ClaimName

    /// What was counted while the snapshot was made.
    public struct Totals: Sendable, Hashable {
        /// Regular files.
        public var files: Int64 = 0
        /// Directories.
        public var directories: Int64 = 0
        /// Symbolic links, fifos and devices.
        public var others: Int64 = 0
        /// Bytes of the files' content, holes included, hard links counted once.
        public var bytes: Int64 = 0
        /// Bytes of content that no snapshot had before.
        public var newBytes: Int64 = 0
        /// Bytes that the snapshot added to the repository, after compression.
        public var storedBytes: Int64 = 0
        /// Entries that were left out on purpose.
        public var skipped: Int64 = 0
        /// Entries that could not be read.
        public var errors: Int64 = 0

        /// All zero.
        public init() {}
    }

    /// The volume.
    public var volume: Volume
    /// When the walk began. Snapshots are ordered by it. To the millisecond.
    public var started: Date
    /// When everything was stored. To the millisecond.
    public var ended: Date
    /// The machine that read the volume.
    public var host: String
    /// Where the volume was on that machine.
    public var path: String
    /// The backup that it belongs to; nil for a bare `volume backup`.
    public var backup: String?
    /// What the user calls it.
    public var tags: [String] = []
    /// Labels, as Kubernetes' objects have.
    public var labels: [String: String] = [:]
    /// The snapshot that unchanged files were taken from.
    public var parent: SnapshotID?
    /// The chunks whose content, joined in this order, is the tree stream.
    public var tree: [ChunkID]
    /// The bytes of the tree stream.
    public var treeBytes: Int64
    /// What was counted.
    public var totals = Totals()
    /// The version of the program that wrote it.
    public var godwitVersion: String = ""
    /// When it may be forgotten, whatever the policy says; nil for never by itself.
    public var expires: Date?

    /// A snapshot; what has a default is set afterwards.
    public init(
        volume: Volume, started: Date, ended: Date, host: String, path: String, tree: [ChunkID], treeBytes: Int64
    ) {
        self.volume = volume
        self.started = started
        self.ended = ended
        self.host = host
        self.path = path
        self.tree = tree
        self.treeBytes = treeBytes
    }
}

/// A snapshot of a repository.
public struct StoredSnapshot: Sendable, Hashable {
    /// Its id.
    public let id: SnapshotID
    /// What it says.
    public let snapshot: Snapshot

    /// A snapshot and its id.
    public init(id: SnapshotID, snapshot: Snapshot) {
        self.id = id
        self.snapshot = snapshot
    }
}

/// The snapshots of a repository, those that cannot be read included.
public struct SnapshotListing: Sendable {
    /// What can be read, the oldest first.
    public var snapshots: [StoredSnapshot] = []
    /// What is there and cannot be read, by the object's key.
    public var unreadable: [(key: String, error: RepositoryError)] = []
}
