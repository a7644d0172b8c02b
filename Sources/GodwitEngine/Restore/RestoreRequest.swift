public import GodwitModel
public import GodwitPluginAPI
public import KubernetesClient

/// Everything a restore needs to know.
public struct RestoreRequest: Sendable {
    /// What is asked for.
    public var restore: Restore
    /// The backup.
    public var contents: any BackupContents
    /// Where it is restored to.
    public var cluster: any Cluster
    /// The built-in fixes. They are also applied to an object that exists already before it is compared.
    public var fixes: [any RestoreItemAction]
    /// Everything else that changes items, in order, after the fixes.
    public var transformers: [any RestoreItemAction]
    /// The order of the resources.
    public var order = RestoreOrder.standard
    /// Items under way at once inside a group.
    public var concurrency = 48
    /// How long to wait for a CRD to be established, or a namespace to be gone.
    public var resourceTimeout: Duration = .seconds(600)
    /// Ask the cluster what would happen, and change nothing.
    public var isDryRun = false
    /// What is done about the data of volumes; nil for nothing.
    public var volumes: VolumeRestoreSettings?
    /// How long operations that actions begin may go on after the items were restored.
    public var operationTimeout: Duration = .seconds(4 * 3600)
    /// Why plugins take no part that were to; each is an error of the restore.
    public var pluginFailures: [String] = []
    /// Lines from elsewhere that belong in the log of the run, such as those of plugins.
    public var log: LogFeed?

    /// A request.
    public init(
        restore: Restore, contents: any BackupContents, cluster: any Cluster, fixes: [any RestoreItemAction],
        transformers: [any RestoreItemAction]
    ) {
        self.restore = restore
        self.contents = contents
        self.cluster = cluster
        self.fixes = fixes
        self.transformers = transformers
    }
}
