public import GodwitModel
public import GodwitPluginAPI
public import KubernetesClient
public import Tarball

/// Everything a backup needs to know.
public struct BackupRequest: Sendable {
    /// What is asked for.
    public var backup: Backup
    /// Where the objects are.
    public var cluster: any Cluster
    /// What looks at items on their way, in order.
    public var actions: [any BackupItemAction]
    /// Loads further actions, such as those of programs that take a while to start: called once, while the cluster is
    /// discovered. They come after ``actions``.
    public var loadActions: (@Sendable () async throws -> LoadedActions)?
    /// The format that is written.
    public var format = BackupFormat.godwit
    /// Objects a page of a listing.
    public var pageSize = 500
    /// How the tarball is compressed; nil for the format's default.
    public var compression: TarballCompression?
    /// What is done about the data of volumes; nil for nothing.
    public var volumes: VolumeBackupSettings?
    /// How long operations that actions begin may go on after the items were read.
    public var operationTimeout: Duration = .seconds(4 * 3600)
    /// Why plugins take no part that were to; each is an error of the backup. Those of ``loadActions`` are added.
    public var pluginFailures: [String] = []
    /// Lines from elsewhere that belong in the log of the run, such as those of plugins.
    public var log: LogFeed?

    /// A namespace that was named may be missing, as when a backup is compared with a cluster that has lost it.
    var allowsMissingNamespaces = false

    /// A request.
    public init(backup: Backup, cluster: any Cluster, actions: [any BackupItemAction]) {
        self.backup = backup
        self.cluster = cluster
        self.actions = actions
    }
}

/// What looks at items, and what was to and cannot.
public struct LoadedActions: Sendable {
    /// The actions, in order.
    public let actions: [any BackupItemAction]
    /// Why plugins take no part that were to.
    public let failures: [String]

    /// What was loaded.
    public init(actions: [any BackupItemAction], failures: [String]) {
        self.actions = actions
        self.failures = failures
    }
}

/// What is asked for cannot be done, found out before anything was written.
public struct BackupValidationError: AdvisedError, Hashable {
    /// What is wrong, a sentence each; never empty.
    public let problems: [String]
    /// What to do next.
    public let advice: String?

    init(_ problems: [String], advice: String? = nil) {
        self.problems = problems
        self.advice = advice
    }

    /// All of it.
    public var summary: String { problems.joined(separator: "; ") }
    /// The summary says it all.
    public var reason: String? { nil }
}
