/// Where the files of a backup in Godwit's own format are, below the location's prefix. See docs/formats.md.
public struct BackupLayout: Sendable, Hashable {
    /// The folder of all backups, of both formats.
    public static let root = "backups/"

    /// The backup's name.
    public let name: String

    /// The layout of a backup of this name.
    public init(name: String) { self.name = name }

    /// The backup's folder, with `/` at its end.
    public var folder: String { "\(Self.root)\(name)/" }
    /// The object whose existence makes the backup exist.
    public var metadata: String { folder + Self.metadataFile }
    /// The contents.
    public var tarball: String { "\(folder)\(name).tar.zst" }
    /// A line an item.
    public var index: String { "\(folder)\(name)-index.ndjson.zst" }
    /// A row a volume.
    public var volumes: String { "\(folder)\(name)-volumes.json.zst" }
    /// Warnings and errors.
    public var results: String { "\(folder)\(name)-results.json.zst" }
    /// The log of the run.
    public var logs: String { "\(folder)\(name)-logs.ndjson.zst" }

    /// The file name of the metadata object.
    static let metadataFile = "godwit-backup.json"
}

/// Where the files of a backup in Velero's format are. Source: Velero's documentation of its object storage layout.
public struct VeleroBackupLayout: Sendable, Hashable {
    /// The backup's name.
    public let name: String

    /// The layout of a backup of this name.
    public init(name: String) { self.name = name }

    /// The backup's folder, with `/` at its end.
    public var folder: String { "\(BackupLayout.root)\(name)/" }
    /// The object whose existence makes the backup exist.
    public var metadata: String { folder + Self.metadataFile }
    /// The contents.
    public var tarball: String { "\(folder)\(name).tar.gz" }
    /// The log of the run.
    public var logs: String { "\(folder)\(name)-logs.gz" }
    /// Warnings and errors.
    public var results: String { "\(folder)\(name)-results.gz" }
    /// The names of the items, by `apiVersion/kind`.
    public var resourceList: String { "\(folder)\(name)-resource-list.json.gz" }
    /// What Velero calls volume info: a row a volume.
    public var volumeInfo: String { "\(folder)\(name)-volumeinfo.json.gz" }

    /// Snapshots of volumes that a snapshotter took.
    var volumeSnapshots: String { "\(folder)\(name)-volumesnapshots.json.gz" }

    /// The lists that Velero expects and that are empty in a backup that Godwit wrote.
    var emptyLists: [String] {
        [
            "podvolumebackups", "itemoperations", "csi-volumesnapshots", "csi-volumesnapshotcontents",
            "csi-volumesnapshotclasses",
        ].map { "\(folder)\(name)-\($0).json.gz" }
    }

    /// The file name of the metadata object.
    static let metadataFile = "velero-backup.json"
}

/// Where the files of a restore are.
public struct RestoreLayout: Sendable, Hashable {
    /// The folder of all restores.
    public static let root = "restores/"

    /// The restore's name.
    public let name: String

    /// The layout of a restore of this name.
    public init(name: String) { self.name = name }

    /// The restore's folder, with `/` at its end.
    public var folder: String { "\(Self.root)\(name)/" }
    /// The object whose existence makes the restore exist.
    public var metadata: String { folder + Self.metadataFile }
    /// What became of the data of volumes.
    public var volumes: String { "\(folder)\(name)-volumes.json.zst" }
    /// What became of each item.
    public var items: String { "\(folder)\(name)-items.ndjson.zst" }
    /// Warnings and errors.
    public var results: String { "\(folder)\(name)-results.json.zst" }
    /// The log of the run.
    public var logs: String { "\(folder)\(name)-logs.ndjson.zst" }

    /// The file name of the metadata object.
    static let metadataFile = "godwit-restore.json"
}
