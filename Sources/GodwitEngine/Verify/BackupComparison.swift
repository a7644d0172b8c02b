public import GodwitModel
public import GodwitPluginAPI
public import KubernetesClient
import Synchronization

/// One object that differs between a backup and a cluster, or another backup.
public struct ObjectDifference: Sendable, Hashable {
    /// What differs.
    public enum Kind: Sendable, Hashable {
        /// The backup does not have it.
        case added
        /// Only the backup has it.
        case removed
        /// Both have it, with these differences from the backup's state to the other's.
        case changed([JSONDifference.Change])
        /// One of both could not be read.
        case unreadable(String)
    }

    /// Which object.
    public let item: ItemIdentity
    /// What differs.
    public let kind: Kind
}

/// How much is equal and how much is not.
public struct ComparisonSummary: Sendable, Hashable {
    /// Objects that are equal.
    public internal(set) var equal = 0
    /// Objects by what differs: added, removed, changed, unreadable.
    public internal(set) var added = 0
    /// Objects that only the backup has.
    public internal(set) var removed = 0
    /// Objects that differ.
    public internal(set) var changed = 0
    /// Objects that could not be read.
    public internal(set) var unreadable = 0
    /// What could not be listed in the cluster; objects of it count as removed.
    public internal(set) var failures: [String] = []

    /// Whether nothing differs.
    public var isEqual: Bool { added + removed + changed + unreadable == 0 && failures.isEmpty }
}

/// Compares a backup with another, or with what a cluster holds now, object by object and field by field.
///
/// What the server owns does not count: status, resourceVersion, uid, times, generation and managed fields. Objects
/// with equal checksums are equal without being read. Memory grows with the index of one backup only.
public struct BackupComparison: Sendable {
    private let contents: any BackupContents
    /// Objects of these resources come and go by themselves.
    private static let transient: Set<GroupResource> = [
        GroupResource(resource: "events"), GroupResource(group: "events.k8s.io", resource: "events"),
        GroupResource(group: "coordination.k8s.io", resource: "leases"),
    ]

    /// A comparison of this backup with something else.
    public init(_ contents: any BackupContents) { self.contents = contents }

    /// Compares with another backup, which counts as the new state. Differences are given as they are found.
    public func compare(
        with other: any BackupContents, _ report: @escaping @Sendable (ObjectDifference) -> Void
    ) async throws -> ComparisonSummary {
        let comparer = StateComparer(contents, report: report)
        try await comparer.loadIndex(without: Self.transient)
        try await other.forEachEntry { entries in
            let entries = entries.filter { !Self.transient.contains($0.identity.resource) }
            for try await batch in other.items(comparer.passEqual(entries)) {
                var items: [Item] = []
                for stored in batch {
                    switch stored.item {
                    case .success(let item): items.append(item)
                    case .failure(let error): comparer.reportUnreadable(stored.entry.identity, "\(error)")
                    }
                }
                try await comparer.compare(items)
            }
        }
        return comparer.finish()
    }

    /// Compares with what a cluster holds now, as far as the backup's own filters go.
    ///
    /// - Parameter actions: the item actions that backups of this cluster use, so that the same related items count.
    public func compare(
        with cluster: any Cluster, actions: [any BackupItemAction],
        _ report: @escaping @Sendable (ObjectDifference) -> Void
    ) async throws -> ComparisonSummary {
        let comparer = StateComparer(contents, report: report)
        try await comparer.loadIndex(without: Self.transient)
        var request = BackupRequest(backup: contents.backup, cluster: cluster, actions: actions)
        request.allowsMissingNamespaces = true
        let prepared = try await BackupPlanner(request).prepare()
        let failures = Mutex<[String]>([])
        let recorder = RunRecorder(log: RunLog()) { event in
            guard case .log(let line) = event, line.level == .error else { return }
            failures.withLock { if $0.count < RunRecorder.limit { $0.append(line.message) } }
        }
        var collector = BackupCollector(
            prepared, listings: try prepared.listings(),
            writer: ComparingWriter(comparer: comparer, ignored: Self.transient), recorder: recorder)
        try await collector.run()
        var summary = comparer.finish()
        summary.failures = failures.withLock { $0 }
        return summary
    }
}

/// Takes the place of a store: what would be backed up is compared instead.
private struct ComparingWriter: BackupWriter {
    let comparer: StateComparer
    let ignored: Set<GroupResource>

    func append(_ items: [Item], cutBefore: Bool) async throws {
        try await comparer.compare(items.filter { !ignored.contains($0.resource) })
    }

    func finishItems() async throws -> Int { 0 }
    func publish(_ backup: Backup, results: ResultSet, volumes: [VolumeRecord]) async throws {}
    func discard(removingFiles: Bool) async -> Bool { true }
}
