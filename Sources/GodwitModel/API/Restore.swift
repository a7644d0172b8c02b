public import Foundation

/// A restore: what was asked for and what came of it. Its JSON form is Velero's `Restore` (velero.io/v1).
public struct Restore: Sendable, Hashable {
    /// The name, a DNS subdomain.
    public var name: String
    /// Labels on the restore itself.
    public var labels: [String: String]
    /// What was asked for.
    public var spec: RestoreSpec
    /// What came of it.
    public var status: RestoreStatus
    /// What stood in the JSON form beyond what Godwit knows, to be written back.
    var unknownFields: JSONValue = [:]

    /// A restore that has not begun.
    public init(
        name: String, labels: [String: String] = [:], spec: RestoreSpec, status: RestoreStatus = RestoreStatus()
    ) {
        self.name = name
        self.labels = labels
        self.spec = spec
        self.status = status
    }
}

/// What a restore is asked to do. Names and meanings are Velero's.
public struct RestoreSpec: Sendable, Hashable {
    /// The backup's name.
    public var backupName: String
    /// Which items of the backup.
    public var filter = ItemFilterSpec()
    /// Namespace in the backup to namespace in the cluster.
    public var namespaceMapping: [String: String] = [:]
    /// Claim in the backup to claim in the cluster, for those that get another name. The namespaces agree with
    /// ``namespaceMapping``. Godwit's own: Velero has no such field.
    public var claimMapping: [ClaimName: ClaimName] = [:]
    /// What to do with an object that exists already and differs.
    public var existingResourcePolicy = ExistingResourcePolicy.none
    /// Resources whose status is restored too; nil for none.
    public var restoreStatus: IncludesExcludesSpec?
    /// Keep the node ports of services.
    public var preserveNodePorts = false
    /// What else was to be changed on the way: values by the names of the command line's options, such as
    /// `storage-class-mappings: gold=fast`. A record for people; Godwit's own: Velero keeps such choices in ConfigMaps.
    public var changes: [String: String] = [:]
    /// Restore persistent volumes from their snapshots; nil for the default.
    public var restorePersistentVolumes: Bool?
    /// How long operations that plugins begin may take; nil for four hours.
    public var itemOperationTimeout: Duration?

    /// A restore of everything in a backup.
    public init(backupName: String) { self.backupName = backupName }

    /// Where a claim of the backup goes.
    public func target(of claim: ClaimName) -> ClaimName {
        claimMapping[claim]
            ?? ClaimName(namespace: namespaceMapping[claim.namespace] ?? claim.namespace, name: claim.name)
    }
}

/// Names that are in and names that are out, as typed.
public struct IncludesExcludesSpec: Sendable, Hashable {
    /// What is in; empty or `*` for everything.
    public var included: [String]
    /// What is out.
    public var excluded: [String]

    /// Both lists.
    public init(included: [String] = [], excluded: [String] = []) {
        self.included = included
        self.excluded = excluded
    }
}

/// What a restore does with an object that exists already and differs from the backup.
public enum ExistingResourcePolicy: String, Sendable, Hashable, CaseIterable {
    /// Leave it and warn.
    case none
    /// Patch it to what the backup holds.
    case update
    /// Delete it and create it from the backup.
    case replace
    /// Record an error.
    case fail
}

/// What came of a restore.
public struct RestoreStatus: Sendable, Hashable {
    /// How far it is.
    public var phase: RestorePhase = .new
    /// When it began.
    public var started: Date?
    /// When it ended.
    public var completed: Date?
    /// Items of the plan.
    public var totalItems = 0
    /// Items that are now in the cluster as the backup has them.
    public var itemsRestored = 0
    /// Warnings recorded.
    public var warnings = 0
    /// Errors recorded.
    public var errors = 0
    /// Why it failed as a whole.
    public var failureReason: String?
    /// What is wrong with what was asked for.
    public var validationErrors: [String] = []

    /// A status before the beginning.
    public init() {}
}

/// How far a restore is, in Velero's words.
public enum RestorePhase: String, Sendable, Hashable, CaseIterable {
    /// Not looked at yet.
    case new = "New"
    /// What was asked for makes no sense.
    case failedValidation = "FailedValidation"
    /// Running.
    case inProgress = "InProgress"
    /// Plugins are still at work.
    case waitingForPluginOperations = "WaitingForPluginOperations"
    /// Plugins are still at work, and something failed already.
    case waitingForPluginOperationsPartiallyFailed = "WaitingForPluginOperationsPartiallyFailed"
    /// Waiting for hooks and readiness.
    case finalizing = "Finalizing"
    /// The same, and something failed already.
    case finalizingPartiallyFailed = "FinalizingPartiallyFailed"
    /// Done.
    case completed = "Completed"
    /// Done, but some items are missing.
    case partiallyFailed = "PartiallyFailed"
    /// Nothing usable came of it.
    case failed = "Failed"
}
