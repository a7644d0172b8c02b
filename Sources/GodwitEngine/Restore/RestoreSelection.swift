import GodwitModel

/// Which rows of a backup's index a restore takes, by what the index knows: labels are looked at when an item is read.
struct RestoreSelection: Sendable {
    let index: BackupIndex
    let filter: ItemFilter
    private var selected: [Bool]
    private(set) var omissions: [RestorePlan.Omission] = []

    init(index: BackupIndex, filter: ItemFilter) {
        self.index = index
        self.filter = filter
        selected = Array(repeating: false, count: index.count)
        for (resource, rows) in index.rowsByResource.sorted(by: { $0.key < $1.key }) {
            if RestoreOrder.neverRestored.contains(resource) {
                omissions.append(.init(resource: resource, items: rows.count, reason: "never restored"))
                continue
            }
            var omitted = 0
            for row in rows {
                let isIn = includes(resource, namespace: index.namespace(row), row: row)
                selected[Int(row)] = isIn
                if !isIn { omitted += 1 }
            }
            if omitted > 0 {
                omissions.append(.init(resource: resource, items: omitted, reason: "not selected by the filters"))
            }
        }
    }

    private func includes(_ resource: GroupResource, namespace: String?, row: BackupIndex.Row) -> Bool {
        if let namespace {
            return filter.namespaces.contains(namespace) && filter.includesNamespaced(resource)
        }
        // A namespace that is included brings its Namespace object, whatever is said of cluster-scoped resources.
        if resource == .namespaces {
            return filter.namespaces.contains(index[row].identity.name) && filter.clusterScope(of: resource) != .none
        }
        return filter.clusterScope(of: resource) == .all
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

    /// The selected rows of a resource, in tarball order.
    func rows(_ resource: GroupResource) -> [BackupIndex.Row] {
        (index.rowsByResource[resource] ?? []).filter(contains)
    }

    /// The resources of which anything is selected.
    var resources: [GroupResource] {
        index.rowsByResource.filter { $0.value.contains(where: contains) }.map(\.key)
    }

    /// Adds the CRDs that selected custom resources need, unless cluster-scoped resources are ruled out.
    mutating func addDefinitions(notServedBy catalog: APIResourceCatalog) {
        for resource in resources where catalog[resource] == nil {
            let definition = ItemIdentity(
                resource: .customResourceDefinitions, namespace: nil, name: resource.description)
            guard admits(definition), let row = index.row(definition) else { continue }
            selected[Int(row)] = true
        }
    }
}
