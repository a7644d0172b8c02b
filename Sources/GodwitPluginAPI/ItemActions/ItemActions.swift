public import GodwitModel

/// Which items an action is for. Empty lists and no selector mean everything, as in Velero.
public struct ResourceSelector: Sendable, Hashable {
    /// Namespaces, with wildcards.
    public var includedNamespaces: [String]
    /// Namespaces left out, with wildcards.
    public var excludedNamespaces: [String]
    /// Resources: plural, singular, short name or `plural.group`, with wildcards.
    public var includedResources: [String]
    /// Resources left out.
    public var excludedResources: [String]
    /// Labels that an item must have.
    public var labelSelector: LabelSelector?

    /// A selector; by default of everything.
    public init(
        includedNamespaces: [String] = [], excludedNamespaces: [String] = [], includedResources: [String] = [],
        excludedResources: [String] = [], labelSelector: LabelSelector? = nil
    ) {
        self.includedNamespaces = includedNamespaces
        self.excludedNamespaces = excludedNamespaces
        self.includedResources = includedResources
        self.excludedResources = excludedResources
        self.labelSelector = labelSelector
    }
}

/// Something that looks at, and may change, an item on its way into a backup.
public protocol BackupItemAction: Sendable {
    /// `prefix/name`, the prefix a DNS subdomain: `godwit.io/pod`.
    var name: String { get }
    /// Which items it wants. Asked once.
    var appliesTo: ResourceSelector { get }
    /// Looks at one item.
    ///
    /// - Throws: any error; the item is then recorded as failed and is not in the backup.
    func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome
}

/// What a backup item action made of an item.
public struct BackupItemOutcome: Sendable, Hashable {
    /// The item as it goes into the backup; nil leaves it as it is, byte for byte.
    public var item: KubernetesObject?
    /// Further items that belong in the backup with this one.
    public var additionalItems: [ItemIdentity]

    /// An outcome; by default nothing changes.
    public init(item: KubernetesObject? = nil, additionalItems: [ItemIdentity] = []) {
        self.item = item
        self.additionalItems = additionalItems
    }
}

/// What a restore lets its actions look up.
public protocol RestoreContext: Sendable {
    /// The restore that is running.
    var restore: Restore { get }
    /// Reads an object of the target cluster; nil when there is none or the resource is not served.
    func existing(_ identity: ItemIdentity) async throws -> KubernetesObject?
    /// Reads an item as the backup holds it; nil when it holds none.
    func backedUp(_ identity: ItemIdentity) async throws -> KubernetesObject?
    /// Whether the backup holds an item.
    func backupContains(_ identity: ItemIdentity) -> Bool
    /// Whether an item of the backup is part of this restore, by its filters.
    func willRestore(_ identity: ItemIdentity) -> Bool
    /// Whether an item of the backup would come along if it were named as an additional item: it is part of the restore,
    /// or is cluster-scoped and the restore takes what its items need.
    func mayRestore(_ identity: ItemIdentity) -> Bool
    /// Whether the restore fills the volume of a claim, named as in the backup, with data that the backup has of it.
    func holdsData(of claim: ClaimName) -> Bool
    /// From what kind of snapshot the restore makes the volume of a claim, named as in the backup; nil for none.
    func snapshot(of claim: ClaimName) -> SnapshotKind?
    /// Whether the target cluster serves a resource at this version, such as `v1beta1`.
    func serves(_ resource: GroupResource, version: String) -> Bool
}

extension RestoreContext {
    /// No data of any volume.
    public func holdsData(of claim: ClaimName) -> Bool { false }
    /// No snapshot of any volume.
    public func snapshot(of claim: ClaimName) -> SnapshotKind? { nil }
}

/// The kinds of snapshots that a volume can be made of.
public enum SnapshotKind: Sendable, Hashable {
    /// The storage makes a volume of it, and the PersistentVolume is restored with that volume behind it.
    case ofStorage
    /// The cluster provisions a volume of it: the claim names it as its data source.
    case ofClaim
}

/// Something that changes, or leaves out, an item on its way into a cluster.
public protocol RestoreItemAction: Sendable {
    /// `prefix/name`, the prefix a DNS subdomain.
    var name: String { get }
    /// Which items it wants, by their names and namespaces in the backup. Asked once.
    var appliesTo: ResourceSelector { get }
    /// Looks at one item.
    ///
    /// - Parameters:
    ///   - item: as the actions before left it.
    ///   - original: as it stands in the backup.
    /// - Throws: any error; the item is then recorded as failed and is not restored.
    func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome
}

/// What a restore item action made of an item.
public enum RestoreItemOutcome: Sendable, Hashable {
    /// The item goes on, changed or not, with further items of the backup that must be restored before it.
    case restore(KubernetesObject, additionalItems: [ItemIdentity] = [], warnings: [String] = [])
    /// The item is left out, for this reason.
    case skip(reason: String)
}

/// Something that happens when a backup that holds an item is deleted.
public protocol DeleteItemAction: Sendable {
    /// `prefix/name`, the prefix a DNS subdomain.
    var name: String { get }
    /// Which items it wants. Asked once.
    var appliesTo: ResourceSelector { get }
    /// Cleans up what belongs to the item outside the backup.
    func execute(_ item: KubernetesObject, backup: Backup) async throws
}

/// Something that knows which items must be backed up in one piece with another, so that hooks and snapshots see
/// them in one state.
public protocol ItemBlockAction: Sendable {
    /// `prefix/name`, the prefix a DNS subdomain.
    var name: String { get }
    /// Which items it wants. Asked once.
    var appliesTo: ResourceSelector { get }
    /// The items that belong with this one.
    func relatedItems(of item: KubernetesObject, backup: Backup) async throws -> [ItemIdentity]
}
