import GodwitModel
import GodwitPluginAPI
import KubernetesClient

/// A backup that has been planned, with what the plan was made from.
public struct PreparedBackup: Sendable {
    /// What was asked for.
    public let request: BackupRequest
    /// What is going to happen.
    public internal(set) var plan: BackupPlan
    /// What the source serves.
    let catalog: APIResourceCatalog
    let filter: ItemFilter
    let actions: [SelectedAction]
    let version: ServerVersion
}

/// An action with its selector resolved.
struct SelectedAction: Sendable {
    let action: any BackupItemAction
    let selector: ActionSelector
}

/// Plans backups: asks the source what it serves and which namespaces there are, and changes nothing.
public struct BackupPlanner: Sendable {
    private let request: BackupRequest

    /// A planner for a request.
    public init(_ request: BackupRequest) { self.request = request }

    private var cluster: any Cluster { request.cluster }
    private var spec: BackupSpec { request.backup.spec }

    /// Makes the plan.
    ///
    /// - Throws: ``BackupValidationError`` or ``ItemFilterError`` when what is asked for cannot be meant,
    ///   ``ActionSelectorError`` when an action says of no legal resources that it is for them; the source's errors,
    ///   and those of ``BackupRequest/loadActions``.
    public func prepare() async throws -> PreparedBackup {
        if let problem = NameValidation.problem(withSubdomain: request.backup.name) {
            throw BackupValidationError(
                ["'\(request.backup.name)' cannot be the name of a backup: \(problem)"])
        }
        async let discovery = cluster.discover()
        async let answer = cluster.version()
        var request = self.request
        if let loaded = try await request.loadActions?() {
            request.actions += loaded.actions
            request.pluginFailures += loaded.failures
        }
        let (version, catalog) = try await (answer, discovery)
        let filter = try ItemFilter(spec.filter, catalog: catalog)
        let actions = try request.actions.map {
            SelectedAction(
                action: $0, selector: try ActionSelector($0.appliesTo, ofAction: $0.name, catalog: catalog))
        }
        let namespaces = try await NamespaceSelection(
            cluster, catalog: catalog, filter: filter, allowsMissing: request.allowsMissingNamespaces)
        var builder = StepBuilder(
            request: request, catalog: catalog, filter: filter, actions: actions, namespaces: namespaces)
        try builder.build()
        let failed = catalog.failedGroups.sorted { $0.key.description < $1.key.description }
        // A server's API that is down may hold nothing to back up, and often is one of metrics. A file holds objects.
        let isServer = cluster.capabilities.controlPlane
        let warnings = isServer ? failed.map { "the API \($0.key) cannot be discovered: \($0.value)" } : []
        let plan = BackupPlan(
            backup: request.backup.name, source: cluster.description, serverVersion: version.gitVersion,
            namespaces: namespaces.single, excludedNamespaces: namespaces.excluded.sorted(), steps: builder.steps,
            omissions: builder.omissions,
            warnings: namespaces.warnings + warnings, failures: isServer ? [] : failed.map(\.value))
        return PreparedBackup(
            request: request, plan: plan, catalog: catalog, filter: filter, actions: actions, version: version)
    }
}

/// Decides resource by resource.
private struct StepBuilder {
    let request: BackupRequest
    let catalog: APIResourceCatalog
    let filter: ItemFilter
    let actions: [SelectedAction]
    let namespaces: NamespaceSelection
    private(set) var steps: [BackupPlan.Step] = []
    private(set) var omissions: [BackupPlan.Omission] = []
    private var ordered: [GroupResource: [ItemIdentity]] = [:]

    init(
        request: BackupRequest, catalog: APIResourceCatalog, filter: ItemFilter, actions: [SelectedAction],
        namespaces: NamespaceSelection
    ) {
        self.request = request
        self.catalog = catalog
        self.filter = filter
        self.actions = actions
        self.namespaces = namespaces
    }

    mutating func build() throws {
        try resolveOrder()
        let candidates = BackupOrder.sorted(catalog.preferred)
        let taken = Set(candidates.filter { reasonToOmit($0) == nil }.map(\.groupResource))
        for resource in candidates {
            if let reason = reasonToOmit(resource) {
                omissions.append(BackupPlan.Omission(resource: resource.groupResource, reason: reason))
            } else if let twin = BackupOrder.twin(of: resource.groupResource, among: taken) {
                omissions.append(
                    BackupPlan.Omission(
                        resource: resource.groupResource, reason: "the same objects are read as \(twin)"))
            } else {
                steps.append(step(resource))
            }
        }
    }

    private func reasonToOmit(_ resource: APIResource) -> String? {
        let name = resource.groupResource
        // What cannot be created again would be of no use; what a program computes has no list or no create.
        let needed: Set<String> =
            request.cluster.capabilities.controlPlane ? ["list", "get", "create", "delete"] : ["list"]
        let missing = needed.subtracting(resource.verbs)
        guard missing.isEmpty else { return "the API offers no \(missing.sorted().joined(separator: ", "))" }
        if name == .namespaces { return filter.excludesByName(name) ? "excluded by the filters" : nil }
        if resource.isNamespaced { return filter.includesNamespaced(name) ? nil : "excluded by the filters" }
        return switch filter.clusterScope(of: name) {
        case .all: nil
        case .none: "excluded by the filters"
        case .related: "cluster-scoped: only what included items need"
        }
    }

    private func step(_ resource: APIResource) -> BackupPlan.Step {
        let name = resource.groupResource
        let selector = filter.spec.labelSelectors.count == 1 ? filter.spec.labelSelectors[0].description : nil
        var first = ordered[name] ?? []
        let listings: [BackupPlan.Listing]
        if name == .namespaces {
            // Which namespaces are in is not decided by their own labels alone.
            if let single = namespaces.single, namespaces.areChecked {
                first += single.map { ItemIdentity(resource: name, namespace: nil, name: $0) }
                listings = []
            } else {
                listings = [BackupPlan.Listing(namespace: nil, labelSelector: nil)]
            }
        } else if resource.isNamespaced, let single = namespaces.single {
            listings = single.map { BackupPlan.Listing(namespace: $0, labelSelector: selector) }
        } else {
            listings = [BackupPlan.Listing(namespace: nil, labelSelector: selector)]
        }
        let actions = actions.filter { $0.selector.matches(name) }.map(\.action.name)
        return BackupPlan.Step(
            resource: name, apiVersion: resource.groupVersion.description, kind: resource.kind,
            isNamespaced: resource.isNamespaced, first: first, listings: listings, actions: actions)
    }

    private mutating func resolveOrder() throws {
        for (typed, names) in request.backup.spec.orderedResources.sorted(by: { $0.key < $1.key }) {
            guard let resource = catalog.find(typed).first else {
                throw BackupValidationError(
                    ["no resource is called '\(typed)', which is to be backed up in a given order"],
                    advice: "use a name that 'kubectl api-resources' shows")
            }
            ordered[resource.groupResource] = try names.map { name in
                let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
                guard parts.count == (resource.isNamespaced ? 2 : 1), !parts.contains("") else {
                    let form = resource.isNamespaced ? "namespace/name" : "name"
                    throw BackupValidationError(["'\(name)' in the order of \(typed) is not of the form \(form)"])
                }
                return ItemIdentity(
                    resource: resource.groupResource, namespace: parts.count == 2 ? parts[0] : nil,
                    name: parts[parts.count - 1])
            }
        }
    }
}
