public import Foundation

/// A backup: what was asked for and what came of it. Its JSON form is Velero's `Backup` (velero.io/v1).
public struct Backup: Sendable, Hashable {
    /// The name, a DNS subdomain.
    public var name: String
    /// Labels on the backup itself.
    public var labels: [String: String]
    /// Annotations on the backup itself, such as the version of the cluster it was taken from.
    public var annotations: [String: String]
    /// What was asked for.
    public var spec: BackupSpec
    /// What came of it.
    public var status: BackupStatus
    /// What stood in the JSON form beyond what Godwit knows, to be written back.
    var unknownFields: JSONValue = [:]

    /// A backup that has not begun.
    public init(
        name: String, labels: [String: String] = [:], annotations: [String: String] = [:],
        spec: BackupSpec = BackupSpec(), status: BackupStatus = BackupStatus()
    ) {
        self.name = name
        self.labels = labels
        self.annotations = annotations
        self.spec = spec
        self.status = status
    }
}

/// What a backup is asked to contain. Names and meanings are Velero's.
public struct BackupSpec: Sendable, Hashable {
    /// Namespaces and resources and labels.
    public var filter = ItemFilterSpec()
    /// Per resource (as typed), names or `namespace/name` that come first, in this order.
    public var orderedResources: [String: [String]] = [:]
    /// How long the backup is kept. Velero's default is 720 hours.
    public var timeToLive: Duration = .seconds(720 * 3600)
    /// The location's name; empty when a URL was given instead.
    public var storageLocation = ""
    /// The ConfigMap with the volume policies, as Velero's typed reference (`kind`, `name`); nil for none.
    public var resourcePolicy: JSONValue?
    /// Whether the data of volumes is backed up unless a pod opts out of it, rather than only where one opts in; nil
    /// for the latter.
    public var defaultVolumesToFSBackup: Bool?
    /// Whether snapshots of volumes are taken; nil for those that can be.
    public var snapshotVolumes: Bool?
    /// Whether the data of snapshots is moved into the repository; nil for no.
    public var snapshotMoveData: Bool?
    /// The snapshot locations, at most one a provider; empty for the only one of each.
    public var volumeSnapshotLocations: [String] = []
    /// How long a snapshot of a claim may take; nil for ten minutes.
    public var csiSnapshotTimeout: Duration?
    /// How long operations that plugins begin may take; nil for four hours.
    public var itemOperationTimeout: Duration?

    /// A backup of everything.
    public init() {}
}

/// What came of a backup.
public struct BackupStatus: Sendable, Hashable {
    /// How far it is.
    public var phase: BackupPhase = .new
    /// When it began.
    public var started: Date?
    /// When it ended.
    public var completed: Date?
    /// When it may be deleted.
    public var expires: Date?
    /// Items in the tarball.
    public var itemsBackedUp = 0
    /// Items found.
    public var totalItems = 0
    /// Warnings recorded.
    public var warnings = 0
    /// Errors recorded.
    public var errors = 0
    /// Why it failed as a whole.
    public var failureReason: String?
    /// What is wrong with what was asked for.
    public var validationErrors: [String] = []
    /// The version of Velero's tarball layout, such as `1.1.0`; empty in the native format and before Velero 1.4.
    public var formatVersion = ""
    /// Its first number, in a field of its own since Velero 1.0; 0 when not said.
    public var formatMajorVersion = 0

    /// A status before the beginning.
    public init() {}
}

/// How far a backup is, in Velero's words.
public enum BackupPhase: String, Sendable, Hashable, CaseIterable {
    /// Not looked at yet.
    case new = "New"
    /// Waiting for its turn.
    case queued = "Queued"
    /// Next to begin.
    case readyToStart = "ReadyToStart"
    /// What was asked for makes no sense.
    case failedValidation = "FailedValidation"
    /// Running.
    case inProgress = "InProgress"
    /// Plugins are still at work.
    case waitingForPluginOperations = "WaitingForPluginOperations"
    /// Plugins are still at work, and something failed already.
    case waitingForPluginOperationsPartiallyFailed = "WaitingForPluginOperationsPartiallyFailed"
    /// Writing the last parts.
    case finalizing = "Finalizing"
    /// Writing the last parts, and something failed already.
    case finalizingPartiallyFailed = "FinalizingPartiallyFailed"
    /// Done.
    case completed = "Completed"
    /// Done, but some items are missing.
    case partiallyFailed = "PartiallyFailed"
    /// Nothing usable came of it.
    case failed = "Failed"
    /// Being deleted.
    case deleting = "Deleting"
}
