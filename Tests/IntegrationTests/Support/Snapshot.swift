import Foundation
import GodwitModel
import KubernetesClient
import Testing

/// Objects of a cluster as they are at one moment, ready to be compared.
///
/// Most are known by their name. Those whose name a controller makes up (`metadata.generateName` and a controlling
/// owner), and generated tokens of service accounts, are known by who owns them: there must be as many, and with the same
/// contents.
struct Snapshot {
    /// By identity.
    private(set) var named: [ItemIdentity: KubernetesObject] = [:]
    /// By resource, namespace and owner.
    private(set) var generated: [String: [KubernetesObject]] = [:]

    /// Never restored, by Velero's rule.
    private static let left: Set<GroupResource> = [
        GroupResource(resource: "events"), GroupResource(group: "events.k8s.io", resource: "events"),
    ]

    /// Everything in some namespaces, these namespaces themselves, and everything cluster-scoped with a label.
    static func take(
        _ cluster: KubernetesCluster, namespaces: [String], label: LabelSelector
    ) async throws -> Snapshot {
        let catalog = try await cluster.discover()
        let resources = catalog.preferred.filter { $0.verbs.contains("list") && !left.contains($0.groupResource) }
        var snapshot = Snapshot()
        try await withThrowingTaskGroup(of: [Item].self) { group in
            for resource in resources {
                if resource.isNamespaced {
                    for namespace in namespaces {
                        group.addTask { try await all(cluster, resource, namespace, ListOptions()) }
                    }
                } else {
                    group.addTask { try await all(cluster, resource, nil, ListOptions(labelSelector: label)) }
                }
            }
            for try await items in group {
                for item in items {
                    // Of the labelled namespaces only those that were asked for.
                    if item.resource == .namespaces, !namespaces.contains(item.metadata.name) { continue }
                    try snapshot.add(item)
                }
            }
        }
        return snapshot
    }

    private static func all(
        _ cluster: KubernetesCluster, _ resource: APIResource, _ namespace: String?, _ options: ListOptions
    ) async throws -> [Item] {
        var items: [Item] = []
        for try await batch in cluster.list(resource, namespace: namespace, options: options) { items += batch }
        return items
    }

    private mutating func add(_ item: Item) throws {
        let object = try KubernetesObject(parsing: item.bytes)
        if let owner = Self.generator(of: item, object) {
            generated["\(item.resource) in \(item.metadata.namespace ?? "") of \(owner)", default: []].append(object)
        } else {
            named[item.identity] = object
        }
    }

    /// Whose controller made up the object's name; nil when somebody chose it.
    private static func generator(of item: Item, _ object: KubernetesObject) -> String? {
        if let owner = item.metadata.owners.first(where: \.isController),
            object[path: "metadata", "generateName"] != nil
        {
            return "\(owner.kind)/\(owner.name)"
        }
        let account = object.annotations["kubernetes.io/service-account.name"]
        if object["type"] == "kubernetes.io/service-account-token", let account { return "ServiceAccount/\(account)" }
        return nil
    }

    /// Only the named objects that a condition selects; all generated ones.
    func keeping(_ isKept: (ItemIdentity) -> Bool) -> Snapshot {
        var snapshot = self
        snapshot.named = named.filter { isKept($0.key) }
        return snapshot
    }

    /// The objects without a status.
    var passive: Snapshot {
        var snapshot = self
        snapshot.named = named.filter { $0.value["status"] == nil }
        snapshot.generated = [:]
        return snapshot
    }

    /// With each named object changed.
    func changing(_ change: (KubernetesObject) -> KubernetesObject) -> Snapshot {
        var snapshot = self
        snapshot.named = named.mapValues(change)
        return snapshot
    }

    /// The kinds that occur.
    var kinds: Set<String> {
        Set(named.values.map(\.kind)).union(generated.values.flatMap { $0.map(\.kind) })
    }

    /// The number of objects.
    var count: Int { named.count + generated.values.map(\.count).reduce(0, +) }

    /// The resource versions of all objects: equal for two moments between which nothing was written.
    var versions: [String: String] {
        let all = Array(named.values) + generated.values.flatMap { $0 }
        return Dictionary(
            all.map { object in
                (
                    "\(object.kind) \(object.namespace ?? "")/\(object.name)",
                    object[path: "metadata", "resourceVersion"]?.string ?? ""
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    /// What differs from this one in another, as lines for people; empty when all is equal.
    ///
    /// - Parameter change: what was to become of each of this one's objects.
    func differences(
        from other: Snapshot, after change: (KubernetesObject) -> KubernetesObject = { $0 }
    ) -> [String] {
        var lines: [String] = []
        var expected: [ItemIdentity: KubernetesObject] = [:]
        for (identity, object) in named {
            let changed = change(object)
            expected[
                ItemIdentity(resource: identity.resource, namespace: changed.namespace, name: changed.name)] = changed
        }
        for identity in expected.keys where other.named[identity] == nil { lines.append("missing: \(identity)") }
        for identity in other.named.keys where expected[identity] == nil { lines.append("unexpected: \(identity)") }
        for (identity, object) in expected {
            guard let found = other.named[identity] else { continue }
            let changes = JSONDifference.compute(
                from: ServerOwned.removed(from: object), to: ServerOwned.removed(from: found))
            lines += JSONDifference.lines(changes, kind: "").map { "\(identity): \($0)" }
        }
        return (lines + generatedDifferences(from: other, after: change)).sorted()
    }

    private func generatedDifferences(
        from other: Snapshot, after change: (KubernetesObject) -> KubernetesObject
    ) -> [String] {
        var lines: [String] = []
        var expected: [String: [KubernetesObject]] = [:]
        for (key, objects) in generated {
            let changed = objects.map(change)
            let old = objects.first?.namespace ?? ""
            let new = changed.first?.namespace ?? ""
            expected[key.replacingFirst(" in \(old) of ", with: " in \(new) of "), default: []] += changed
        }
        for key in Set(expected.keys).union(other.generated.keys) {
            let (want, have) = (expected[key] ?? [], other.generated[key] ?? [])
            if want.count != have.count {
                lines.append("\(key): \(want.count) objects became \(have.count)")
                continue
            }
            // Without their names they are compared in the order of their contents.
            for (old, new) in zip(Self.bodies(want), Self.bodies(have)) where old != new {
                let changes = JSONDifference.compute(from: old, to: new)
                lines += JSONDifference.lines(changes, kind: "").map { "\(key): \($0)" }
            }
        }
        return lines
    }

    private static func bodies(_ objects: [KubernetesObject]) -> [JSONValue] {
        objects.map { object in
            var body = ServerOwned.removed(from: object)
            body[path: "metadata", "name"] = nil
            // The order in a slice is that of a Go map.
            if object.kind == "EndpointSlice", let endpoints = body["endpoints"]?.array {
                body["endpoints"] = .array(
                    endpoints.sorted { $0.serialized().lexicographicallyPrecedes($1.serialized()) })
            }
            return body
        }.sorted { $0.serialized().lexicographicallyPrecedes($1.serialized()) }
    }
}

extension String {
    fileprivate func replacingFirst(_ text: String, with other: String) -> String {
        guard let range = range(of: text) else { return self }
        return replacingCharacters(in: range, with: other)
    }
}

/// Compares until nothing differs any more, because controllers need a moment; then says what does.
func expectEqual(
    within limit: Duration = .seconds(45), _ what: String,
    _ differences: () async throws -> [String]
) async throws {
    let end = ContinuousClock.now + limit
    var lines = try await differences()
    while !lines.isEmpty, ContinuousClock.now < end {
        try await Task.sleep(for: .milliseconds(700))
        lines = try await differences()
    }
    if !lines.isEmpty {
        Issue.record("\(what): \(lines.count) differences\n\(lines.prefix(60).joined(separator: "\n"))")
    }
}
