import GodwitModel
import KubernetesClient
import VolumeRepository

/// Works out what a restore has to do, without doing any of it.
public struct RestorePlanner: Sendable {
    private let request: RestoreRequest

    /// A planner for a request.
    public init(_ request: RestoreRequest) { self.request = request }

    /// Reads the backup's index and the cluster's discovery; with label selectors also the items.
    ///
    /// - Throws: ``ItemFilterError``, ``ActionSelectorError``, ``RestoreError``, ``BackupStorageError``, or the cluster's errors.
    public func prepare() async throws -> PreparedRestore {
        async let discovery = request.cluster.discover()
        let index = try await BackupIndex(request.contents)
        let catalog = try await discovery
        let names = Self.withResources(of: index, catalog)
        let spec = request.restore.spec
        var selection = RestoreSelection(
            index: index, filter: try ItemFilter(spec.filter, catalog: names),
            statuses: try spec.restoreStatus.map { try ResourceSet($0, catalog: names) })
        try checkNamespaces(selection)
        try checkClaims(index)
        // A plan that cannot be carried out is none.
        _ = try ActionChain(request.fixes + request.transformers, catalog: names)
        try await selection.keepMatching(request.contents)
        selection.addDefinitions(notServedBy: catalog)
        let groups = request.order.groups(selection.resources)
        let steps = groups.map { group in group.map { step($0, selection, catalog) } }
        let plan = RestorePlan(
            restore: request.restore.name, backup: spec.backupName, target: request.cluster.description,
            groups: steps, namespaces: namespaces(steps, selection), omissions: selection.omissions,
            volumes: volumes(selection))
        return PreparedRestore(
            plan: plan, request: request, index: index, selection: selection, groups: groups, catalog: catalog,
            names: names)
    }

    private func step(
        _ resource: GroupResource, _ selection: RestoreSelection, _ catalog: APIResourceCatalog
    ) -> RestorePlan.Step {
        let index = selection.index
        let rows = selection.rows(resource)
        var items: [String: Int] = [:]
        var bytes: Int64 = 0
        for row in rows {
            items[index.namespace(row) ?? "", default: 0] += 1
            bytes += index.size(row)
        }
        let apiVersion = rows.first.flatMap {
            TargetResource(resource: resource, apiVersion: index.apiVersion($0)).resolve(catalog)
        }
        return RestorePlan.Step(
            resource: resource, apiVersion: apiVersion?.groupVersion.description, items: items, bytes: bytes)
    }

    private func volumes(_ selection: RestoreSelection) -> [RestorePlan.Volume] {
        (request.volumes?.records ?? []).filter { record in
            record.isClaimed && selection.index.row(record.claim.item).map(selection.contains) ?? false
        }.map { record in
            RestorePlan.Volume(
                claim: record.claim, target: request.restore.spec.target(of: record.claim),
                snapshot: record.data?.snapshot, files: record.data?.totals.files ?? 0,
                bytes: record.data?.totals.bytes ?? 0,
                reason: record.data == nil ? record.error ?? record.reason : nil)
        }
    }

    private func namespaces(_ groups: [[RestorePlan.Step]], _ selection: RestoreSelection) -> [String: String] {
        var names = Set(groups.joined().flatMap(\.items.keys))
        names.remove("")
        names.formUnion(selection.rows(.namespaces).map { selection.index.identity($0).name })
        let mapping = request.restore.spec.namespaceMapping
        return Dictionary(uniqueKeysWithValues: names.map { ($0, mapping[$0] ?? $0) })
    }

    /// A namespace that is named literally and is not in the backup is a slip of the pen, not an empty restore; one in
    /// the mapping would even send objects where nobody wants them.
    private func checkNamespaces(_ selection: RestoreSelection) throws {
        let present = Set(selection.index.allNamespaces)
        func missing(_ names: some Sequence<String>) -> [String] {
            names.filter { name in
                !present.contains(name)
                    && selection.index.row(ItemIdentity(resource: .namespaces, namespace: nil, name: name)) == nil
            }.sorted()
        }
        let backup = request.restore.spec.backupName
        let included = missing(selection.filter.namespaces.includes.filter(\.isLiteral).map(\.description))
        guard included.isEmpty else { throw RestoreError.namespacesNotInBackup(included, backup: backup) }
        let mapped = missing(request.restore.spec.namespaceMapping.keys)
        guard mapped.isEmpty else { throw RestoreError.namespacesNotInBackup(mapped, backup: backup) }
    }

    /// A pod sees the claims of its own namespace only, so a claim cannot go to another one than its pods.
    private func checkClaims(_ index: BackupIndex) throws {
        let spec = request.restore.spec
        for (claim, target) in spec.claimMapping.sorted(by: { $0.key < $1.key }) {
            guard index.row(claim.item) != nil else {
                throw RestoreError.claimNotInBackup(claim, backup: spec.backupName)
            }
            let namespace = spec.namespaceMapping[claim.namespace] ?? claim.namespace
            guard target.namespace == namespace else {
                throw RestoreError.claimLeavesNamespace(claim, target: target, namespace: namespace)
            }
        }
    }

    /// The backup may hold resources that the cluster does not serve; people may name them all the same.
    private static func withResources(of index: BackupIndex, _ catalog: APIResourceCatalog) -> APIResourceCatalog {
        let unserved = index.rowsByResource.sorted { $0.key < $1.key }.compactMap { resource, rows -> APIResource? in
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
    var request: RestoreRequest
    let index: BackupIndex
    let selection: RestoreSelection
    let groups: [[GroupResource]]
    /// What the cluster serves before the restore.
    let catalog: APIResourceCatalog
    /// The same, and what the backup holds besides: what names of resources mean.
    let names: APIResourceCatalog
}
