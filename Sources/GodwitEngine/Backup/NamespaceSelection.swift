import GodwitModel
import KubernetesClient
import Streams

/// Which namespaces a backup reads, and whether one by one.
struct NamespaceSelection: Sendable {
    /// The namespaces that are read one by one; nil when listings cover the whole cluster.
    private(set) var single: [String]?
    /// Those that ask to be left out by their label.
    private(set) var excluded: Set<String> = []
    /// Whether the source could be asked about namespaces.
    private(set) var areChecked = true
    private(set) var warnings: [String] = []

    private let allowsMissing: Bool

    /// Up to so many namespaces out of a pattern are read one by one.
    static let singleLimit = 8
    static let excludeLabel = "velero.io/exclude-from-backup"

    /// - Throws: ``BackupValidationError`` for a namespace that was named and does not exist.
    init(
        _ cluster: any Cluster, catalog: APIResourceCatalog, filter: ItemFilter, allowsMissing: Bool = false
    ) async throws {
        self.allowsMissing = allowsMissing
        let literal = filter.namespaces.literalIncludes
        guard let resource = catalog[.namespaces] else {
            single = literal?.sorted()
            areChecked = false
            return
        }
        do {
            if let literal {
                try await check(literal.sorted(), cluster, resource, catalog)
            } else {
                try await resolve(cluster, resource, filter)
            }
        } catch let error as ClusterError where error.kind == .forbidden {
            // A user with rights in some namespaces only may back those up all the same.
            areChecked = false
            single = literal?.sorted()
            warnings.append("the namespaces themselves cannot be read, so they are not checked: \(error)")
        }
    }

    private mutating func check(
        _ names: [String], _ cluster: any Cluster, _ resource: APIResource, _ catalog: APIResourceCatalog
    ) async throws {
        let found = try await Array(Set(names)).sorted().mapConcurrently(limit: 8) { name in
            (name, try await cluster.get(resource, namespace: nil, name: name))
        }
        let missing = found.filter { $0.1 == nil }.map(\.0)
        var unknown = missing
        // A directory of manifests need not hold the namespaces of its objects.
        if !cluster.capabilities.controlPlane {
            unknown = []
            for name in missing where try await !Self.holdsAnything(name, cluster, catalog) { unknown.append(name) }
        }
        guard unknown.isEmpty || allowsMissing else {
            let names = unknown.map { "'\($0)'" }.joined(separator: ", ")
            throw BackupValidationError(
                ["there is no namespace \(names) in \(cluster.description)"],
                advice: "check the name with 'kubectl get namespaces', or use a pattern such as 'shop-*'")
        }
        note(found.compactMap(\.1))
        areChecked = missing.isEmpty
        single = found.map(\.0).filter { !excluded.contains($0) }
    }

    private static func holdsAnything(
        _ namespace: String, _ cluster: any Cluster, _ catalog: APIResourceCatalog
    ) async throws -> Bool {
        for resource in catalog.preferred where resource.isNamespaced && resource.verbs.contains("list") {
            for try await batch in cluster.list(resource, namespace: namespace, options: ListOptions()) {
                if !batch.isEmpty { return true }
            }
        }
        return false
    }

    private mutating func resolve(_ cluster: any Cluster, _ resource: APIResource, _ filter: ItemFilter) async throws {
        var names: [String] = []
        for try await batch in cluster.list(resource, namespace: nil, options: ListOptions()) {
            note(batch)
            names += batch.map(\.metadata.name)
        }
        guard !filter.namespaces.includes.isEmpty else { return }
        let matching = names.filter { filter.namespaces.contains($0) && !excluded.contains($0) }
        guard !matching.isEmpty || allowsMissing || !cluster.capabilities.controlPlane else {
            let patterns = filter.namespaces.includes.map { "'\($0)'" }.joined(separator: ", ")
            throw BackupValidationError(
                ["no namespace in \(cluster.description) matches \(patterns)"],
                advice: "check the names with 'kubectl get namespaces'")
        }
        if matching.count <= Self.singleLimit, cluster.capabilities.controlPlane { single = matching.sorted() }
    }

    private mutating func note(_ namespaces: [Item]) {
        for namespace in namespaces where namespace.metadata.labels[Self.excludeLabel] == "true" {
            excluded.insert(namespace.metadata.name)
        }
    }
}
