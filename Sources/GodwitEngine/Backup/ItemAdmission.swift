import GodwitModel

/// Decides item by item what is in a backup, each item once.
struct ItemAdmission {
    private let filter: ItemFilter
    /// Namespaces that ask to be left out.
    private let excluded: Set<String>
    private var seen = IdentitySet()
    /// Namespaces that hold an item of the backup.
    private var inhabited: Set<String> = []
    /// The answer for the namespace before; listings are ordered by namespace.
    private var last: (namespace: String, isIn: Bool)?

    init(filter: ItemFilter, excluded: Set<String>) {
        self.filter = filter
        self.excluded = excluded
    }

    func hasSeen(_ identity: ItemIdentity) -> Bool { seen.contains(identity) }

    /// Marks a namespace as one whose own object is wanted.
    mutating func noteNamespace(_ name: String) { inhabited.insert(name) }

    /// Whether an item that was listed is in.
    mutating func admits(_ item: Item) -> Bool {
        guard !item.metadata.isTerminating else { return false }
        if item.resource == .namespaces { return admitsNamespace(item) && seen.insert(item.identity) }
        guard filter.includesLabels(item.metadata.labels) else { return false }
        if let namespace = item.metadata.namespace {
            guard isIn(namespace) else { return false }
        }
        return seen.insert(item.identity)
    }

    /// Whether an item that another asked for is in: label selectors do not count for it.
    mutating func admitsRelated(_ item: Item, mustInclude: Bool) -> Bool {
        guard !item.metadata.isTerminating, item.metadata.labels[NamespaceSelection.excludeLabel] != "true",
            mustInclude || allowsRelated(item.identity)
        else { return false }
        return seen.insert(item.identity)
    }

    /// Whether the filters let a related item through.
    mutating func allowsRelated(_ identity: ItemIdentity) -> Bool {
        if identity.resource == .namespaces {
            return !filter.excludesByName(.namespaces) && isIncluded(namespace: identity.name)
        }
        if let namespace = identity.namespace {
            return filter.includesNamespaced(identity.resource) && isIn(namespace)
        }
        return filter.clusterScope(of: identity.resource) != .none
    }

    /// The namespaces themselves: those that were selected, and those that hold an item of the backup.
    private func admitsNamespace(_ item: Item) -> Bool {
        let name = item.metadata.name
        guard isIncluded(namespace: name) else { return false }
        let selectors = filter.spec.labelSelectors
        let isWanted =
            if filter.namespaces.isEverything && !selectors.isEmpty {
                selectors.contains { $0.matches(item.metadata.labels) }
            } else {
                filter.includesByName(.namespaces) || !filter.namespaces.includes.isEmpty
            }
        return isWanted || inhabited.contains(name)
    }

    private func isIncluded(namespace: String) -> Bool {
        !excluded.contains(namespace) && filter.namespaces.contains(namespace)
    }

    private mutating func isIn(_ namespace: String) -> Bool {
        if let last, last.namespace == namespace { return last.isIn }
        let isIn = isIncluded(namespace: namespace)
        if isIn { inhabited.insert(namespace) }
        last = (namespace, isIn)
        return isIn
    }
}
