import GodwitModel
import KubernetesClient

/// Works out what a restore has to do, without doing any of it.
public struct RestorePlanner: Sendable {
    private let request: RestoreRequest

    /// A planner for a request.
    public init(_ request: RestoreRequest) { self.request = request }

    /// Reads the backup's index and the cluster's discovery.
    ///
    /// - Throws: ``ItemFilterError``, ``RestoreError``, ``BackupStorageError``, or the cluster's errors.
    public func prepare() async throws -> PreparedRestore {
        async let discovery = request.cluster.discover()
        let index = try await BackupIndex(request.contents)
        let catalog = try await discovery
        let spec = request.restore.spec
        let filter = try ItemFilter(spec.filter, catalog: Self.withResources(of: index, catalog))
        var selection = RestoreSelection(index: index, filter: filter)
        selection.addDefinitions(notServedBy: catalog)
        try checkNamespaces(selection)
        let resources = selection.resources
        let groups = request.order.groups(resources)
        var namespaces: [String: String] = [:]
        let steps = groups.map { group in
            group.map { resource in step(resource, selection, catalog, &namespaces) }
        }
        let plan = RestorePlan(
            restore: request.restore.name, backup: spec.backupName, target: request.cluster.description,
            groups: steps, namespaces: namespaces, omissions: selection.omissions)
        return PreparedRestore(
            plan: plan, request: request, index: index, selection: selection, groups: groups, catalog: catalog)
    }

    private func step(
        _ resource: GroupResource, _ selection: RestoreSelection, _ catalog: APIResourceCatalog,
        _ namespaces: inout [String: String]
    ) -> RestorePlan.Step {
        var items: [String: Int] = [:]
        var bytes: Int64 = 0
        var apiVersion: String?
        for row in selection.rows(resource) {
            let namespace = selection.index.namespace(row)
            items[namespace ?? "", default: 0] += 1
            bytes += selection.index.size(row)
            if apiVersion == nil { apiVersion = selection.index.apiVersion(row) }
            if let namespace, namespaces[namespace] == nil {
                namespaces[namespace] = request.restore.spec.namespaceMapping[namespace] ?? namespace
            }
        }
        let served = apiVersion.flatMap { TargetResource.resolve(resource, apiVersion: $0, catalog: catalog) }
        return RestorePlan.Step(
            resource: resource, apiVersion: served?.groupVersion.description, items: items, bytes: bytes)
    }

    /// A namespace that is named literally and is not in the backup is a slip of the pen, not an empty restore.
    private func checkNamespaces(_ selection: RestoreSelection) throws {
        let present = Set(
            selection.index.rowsByResource.values.joined().compactMap { selection.index.namespace($0) })
        let missing = (selection.filter.namespaces.literalIncludes ?? []).filter { name in
            !present.contains(name)
                && selection.index.row(ItemIdentity(resource: .namespaces, namespace: nil, name: name)) == nil
        }
        guard missing.isEmpty else {
            throw RestoreError.namespacesNotInBackup(missing.sorted(), backup: request.restore.spec.backupName)
        }
    }

    /// The backup may hold resources that the cluster does not serve; people may name them all the same.
    private static func withResources(of index: BackupIndex, _ catalog: APIResourceCatalog) -> APIResourceCatalog {
        let unserved = index.rowsByResource.compactMap { resource, rows -> APIResource? in
            guard catalog[resource] == nil, let row = rows.first else { return nil }
            let entry = index[row]
            return APIResource(
                groupVersion: GroupVersion(apiVersion: entry.apiVersion), plural: resource.resource,
                singular: entry.kind.lowercased(), kind: entry.kind, isNamespaced: entry.identity.namespace != nil,
                verbs: [])
        }
        return APIResourceCatalog(catalog.preferred + unserved, failedGroups: catalog.failedGroups)
    }
}

/// A restore that has been planned.
public struct PreparedRestore: Sendable {
    /// What is going to be done.
    public let plan: RestorePlan
    let request: RestoreRequest
    let index: BackupIndex
    let selection: RestoreSelection
    let groups: [[GroupResource]]
    let catalog: APIResourceCatalog
}

/// Which version of a resource the target cluster gets.
enum TargetResource {
    /// The version of the backup where it is served, else the preferred one of the same group.
    static func resolve(
        _ resource: GroupResource, apiVersion: String, catalog: APIResourceCatalog
    ) -> APIResource? {
        catalog.resource(resource, version: GroupVersion(apiVersion: apiVersion).version) ?? catalog[resource]
    }
}
