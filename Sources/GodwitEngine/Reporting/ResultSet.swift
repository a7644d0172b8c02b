public import GodwitModel

/// Warnings or errors, grouped as Velero groups them.
public struct Messages: Sendable, Hashable {
    /// About the run as a whole.
    public var general: [String] = []
    /// About cluster-scoped items.
    public var cluster: [String] = []
    /// About the items of a namespace.
    public var namespaces: [String: [String]] = [:]

    /// No messages.
    public init() {}

    /// How many there are.
    public var count: Int { general.count + cluster.count + namespaces.values.reduce(0) { $0 + $1.count } }

    /// All of them, a line each.
    public var lines: [String] {
        let inNamespaces = namespaces.sorted { $0.key < $1.key }.flatMap { name, texts in
            texts.map { "\(name): \($0)" }
        }
        return general + cluster + inNamespaces
    }

    /// Adds other messages behind these.
    mutating func add(_ others: Messages) {
        general += others.general
        cluster += others.cluster
        namespaces.merge(others.namespaces) { $0 + $1 }
    }

    /// Adds a message about an item, or about the run when there is no item.
    public mutating func add(_ message: String, about item: ItemIdentity? = nil) {
        guard let item else {
            general.append(message)
            return
        }
        let text = "\(item.resource)/\(item.name): \(message)"
        if let namespace = item.namespace {
            namespaces[namespace, default: []].append(text)
        } else {
            cluster.append(text)
        }
    }
}

/// What went wrong, or nearly so, in a backup or restore.
public struct ResultSet: Sendable, Hashable {
    /// What a person should know.
    public var warnings = Messages()
    /// What is missing because of a failure.
    public var errors = Messages()

    /// Nothing went wrong.
    public init() {}

    /// These and others.
    func adding(_ others: ResultSet) -> ResultSet {
        var all = self
        all.warnings.add(others.warnings)
        all.errors.add(others.errors)
        return all
    }
}
