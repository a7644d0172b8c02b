import GodwitModel

/// Which rows of a backup's index a restore takes.
struct RestoreSelection: Sendable {
    let index: BackupIndex
    let filter: ItemFilter
    private let statuses: ResourceSet?
    private var selected: [Bool]
    private(set) var omissions: [RestorePlan.Omission] = []

    /// Selects by what the index knows.
    ///
    /// - Parameter statuses: resources whose status is restored; nil for none.
    init(index: BackupIndex, filter: ItemFilter, statuses: ResourceSet?) {
        self.index = index
        self.filter = filter
        self.statuses = statuses
        selected = Array(repeating: false, count: index.count)
        for (resource, rows) in index.rowsByResource {
            if RestoreOrder.neverRestored.contains(resource) {
                omissions.append(.init(resource: resource, items: rows.count, reason: "never restored"))
                continue
            }
            var omitted = 0
            for row in rows {
                let isIn = includes(resource, row: row)
                selected[Int(row)] = isIn
                if !isIn { omitted += 1 }
            }
            omit(omitted, of: resource, reason: "not selected by the filters")
        }
    }

    private func includes(_ resource: GroupResource, row: BackupIndex.Row) -> Bool {
        if let namespace = index.namespace(row) {
            return filter.namespaces.contains(namespace) && filter.includesNamespaced(resource)
        }
        // A namespace that is included brings its Namespace object, whatever is said of cluster-scoped resources.
        if resource == .namespaces {
            return filter.namespaces.contains(index.identity(row).name) && filter.clusterScope(of: resource) != .none
        }
        return filter.clusterScope(of: resource) == .all
    }

    /// Leaves out what the label selectors do not match. Unlike a backup, a restore takes no heed of
    /// `velero.io/exclude-from-backup`: what is in the backup was meant to be in it.
    ///
    /// The claims of what matches stay in, whatever their labels: they come with what uses them, and are to be filled
    /// before it.
    mutating func keepMatching(_ contents: any BackupContents) async throws {
        let selectors = filter.spec.labelSelectors
        guard !selectors.isEmpty else { return }
        var omitted: [GroupResource: Int] = [:]
        var claims: Set<ClaimName> = []
        var sets: [String?: [KubernetesObject]] = [:]
        for window in RowWindows(allRows) {
            var position = window.startIndex
            for try await batch in contents.items(window.map { index[$0] }) {
                for stored in batch where position < window.endIndex {
                    let row = window[position]
                    position += 1
                    // An item that cannot be read stays in, and fails when its turn comes.
                    guard case .success(let item) = stored.item else { continue }
                    let labels = item.metadata.labels
                    guard !selectors.contains(where: { $0.matches(labels) }) else {
                        // One that is damaged stays in as well.
                        guard let object = try? KubernetesObject(parsing: item.bytes) else { continue }
                        claims.formUnion(object.namedClaims)
                        if object[path: "spec", "volumeClaimTemplates"] != nil {
                            sets[object.namespace, default: []].append(object)
                        }
                        continue
                    }
                    selected[Int(row)] = false
                    omitted[stored.entry.identity.resource, default: 0] += 1
                }
            }
        }
        for (resource, count) in omitted { omit(count, of: resource, reason: "not matched by the label selectors") }
        for row in index.rowsByResource[.persistentVolumeClaims] ?? [] {
            guard let claim = ClaimName(index.identity(row)) else { continue }
            let isMade = sets[claim.namespace]?.contains(where: claim.isMade) ?? false
            if isMade || claims.contains(claim) { add(claim.item) }
        }
    }

    /// Adds the CRDs that selected custom resources need, unless cluster-scoped resources are ruled out.
    mutating func addDefinitions(notServedBy catalog: APIResourceCatalog) {
        for resource in resources where catalog[resource] == nil {
            let definition = ItemIdentity(
                resource: .customResourceDefinitions, namespace: nil, name: resource.description)
            add(definition)
        }
    }

    /// Selects an item that something selected needs, unless the other filters rule it out.
    private mutating func add(_ identity: ItemIdentity) {
        guard admits(identity), let row = index.row(identity), !selected[Int(row)] else { return }
        selected[Int(row)] = true
        guard let place = omissions.lastIndex(where: { $0.resource == identity.resource }) else { return }
        let before = omissions.remove(at: place)
        omit(before.items - 1, of: before.resource, reason: before.reason)
    }

    private mutating func omit(_ items: Int, of resource: GroupResource, reason: String) {
        guard items > 0 else { return }
        omissions.append(.init(resource: resource, items: items, reason: reason))
        omissions.sort { ($0.resource, $0.reason) < ($1.resource, $1.reason) }
    }

    /// Whether a row is selected.
    func contains(_ row: BackupIndex.Row) -> Bool { selected[Int(row)] }

    /// Whether an item that an action asks for may come along although the filters did not select it.
    func admits(_ identity: ItemIdentity) -> Bool {
        guard !RestoreOrder.neverRestored.contains(identity.resource) else { return false }
        if let namespace = identity.namespace {
            return filter.namespaces.contains(namespace) && filter.includesNamespaced(identity.resource)
        }
        return filter.clusterScope(of: identity.resource) != .none
    }

    /// Whether the restore asks for the status of a resource.
    func restoresStatus(of resource: GroupResource) -> Bool { statuses?.contains(resource) ?? false }

    /// The selected rows of a resource, in tarball order.
    func rows(_ resource: GroupResource) -> [BackupIndex.Row] {
        (index.rowsByResource[resource] ?? []).filter(contains)
    }

    /// All selected rows, in tarball order.
    var allRows: [BackupIndex.Row] { (0..<BackupIndex.Row(index.count)).filter(contains) }

    /// The resources of which anything is selected.
    var resources: [GroupResource] {
        index.rowsByResource.filter { $0.value.contains(where: contains) }.map(\.key).sorted()
    }
}

/// Rows cut into pieces whose entries are unpacked and read at a time.
struct RowWindows: Sequence, IteratorProtocol {
    private static let size = 1024
    private var rest: ArraySlice<BackupIndex.Row>

    init(_ rows: [BackupIndex.Row]) { rest = rows[...] }

    mutating func next() -> ArraySlice<BackupIndex.Row>? {
        guard !rest.isEmpty else { return nil }
        defer { rest = rest.dropFirst(Self.size) }
        return rest.prefix(Self.size)
    }
}
