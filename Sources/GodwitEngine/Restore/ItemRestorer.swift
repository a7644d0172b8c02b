import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Synchronization

/// Restores one item: cleans it, lets the actions change it, and brings it into the cluster.
struct ItemRestorer: Sendable {
    private let context: ExecutionContext
    private let fixes: ActionChain
    private let actions: ActionChain
    private let existingObjects: ExistingObjectPolicy
    private let namespaces: NamespaceKeeper
    private let claims: RowClaims
    private let statusResources: ResourceSet?
    private let report: @Sendable (ItemOutcome) async -> Void

    /// - Parameter report: is told what became of each item, from any task.
    init(_ context: ExecutionContext, report: @escaping @Sendable (ItemOutcome) async -> Void) throws {
        let request = context.request
        let catalog = context.catalog
        let actions = try ActionChain(request.fixes + request.transformers, catalog: catalog)
        self.context = context
        self.actions = actions
        self.report = report
        fixes = try ActionChain(request.fixes, catalog: catalog)
        existingObjects = ExistingObjectPolicy(context, fixes: fixes)
        claims = RowClaims(count: context.index.count)
        statusResources = try request.restore.spec.restoreStatus.map {
            try ResourceSet($0, catalog: catalog, unknownNames: .areTaken)
        }
        namespaces = NamespaceKeeper(context) { source in
            let identity = ItemIdentity(resource: .namespaces, namespace: nil, name: source)
            guard let row = context.index.row(identity) else { return nil }
            let original = try KubernetesObject(parsing: try await context.read(row).bytes)
            let cleaned = ObjectCleaner.cleaned(original)
            let outcome = try await actions.run(cleaned, original: original, identity: identity, context: context)
            if case .restore(let object, _, _) = outcome { return object }
            return nil
        }
    }

    /// Restores an item that was read, unless it was restored before as a companion of another one. Whatever happens
    /// is reported; only cancellation is thrown.
    func restore(_ stored: StoredItem) async throws {
        guard let row = context.index.row(stored.entry.identity), claims.claim(row) else { return }
        await reporting(stored.entry.identity) { try await process(stored.item.get()) }
        try Task.checkCancellation()
    }

    private func reporting(_ identity: ItemIdentity, _ work: () async throws -> ItemOutcome?) async {
        do {
            if let outcome = try await work() { await report(outcome) }
        } catch is CancellationError {
            // The run as a whole says that it was interrupted.
        } catch {
            await report(ItemOutcome(item: identity, target: identity, action: .failed("\(error)")))
        }
    }

    private func process(_ item: Item) async throws -> ItemOutcome? {
        let identity = item.identity
        guard context.selection.filter.includesLabels(item.metadata.labels) else {
            return ItemOutcome(item: identity, target: identity, action: .skipped("its labels are not selected"))
        }
        let original = try KubernetesObject(parsing: item.bytes)
        let cleaned = ObjectCleaner.cleaned(original)
        let outcome = try await actions.run(cleaned, original: original, identity: identity, context: context)
        switch outcome {
        case .skip(let reason):
            return ItemOutcome(item: identity, target: identity, action: .skipped(reason))
        case .restore(let object, let companions, let warnings):
            for companion in companions { try await restoreCompanion(companion) }
            return try await apply(object, original: original, identity: identity, warnings: warnings)
        }
    }

    /// Restores an item that another one needs. One that is under way already counts as done: waiting for it could
    /// end in a circle, and the order of the groups has brought it first where that matters.
    private func restoreCompanion(_ identity: ItemIdentity) async throws {
        guard let row = context.index.row(identity), context.selection.admits(identity), claims.claim(row) else {
            return
        }
        await reporting(identity) { try await process(context.read(row)) }
    }

    private func apply(
        _ object: KubernetesObject, original: KubernetesObject, identity: ItemIdentity, warnings: [String]
    ) async throws -> ItemOutcome {
        var object = object
        var warnings = warnings
        let target = ItemIdentity(resource: identity.resource, namespace: object.namespace, name: object.name)
        func outcome(_ action: ItemOutcome.Action) -> ItemOutcome {
            ItemOutcome(item: identity, target: target, action: action, warnings: warnings)
        }
        guard
            let resource = TargetResource.resolve(
                identity.resource, apiVersion: object.apiVersion, catalog: context.catalog)
        else {
            // A real run restores the definition first.
            if context.request.isDryRun, context.willRestore(Self.definition(of: identity.resource)) {
                return outcome(.created)
            }
            return outcome(.failed("the cluster serves no \(identity.resource) (\(object.apiVersion))"))
        }
        if resource.groupVersion.description != object.apiVersion {
            object["apiVersion"] = .string(resource.groupVersion.description)
        }
        if let namespace = target.namespace {
            let presence = try await namespaces.ensure(namespace, source: identity.namespace ?? namespace)
            // The server cannot be asked about a namespace that only a real run would create.
            if presence == .wouldExist { return outcome(.created) }
        }
        object = ObjectCleaner.labelled(object, restore: context.restore)
        let action: ItemOutcome.Action
        var written: Item?
        do {
            written = try await context.cluster.create(
                resource, namespace: target.namespace, object: object.serialized(), options: context.writeOptions)
            action = .created
        } catch let error as ClusterError where error.kind == .alreadyExists {
            let resolved = try await resolveExisting(object, target, resource)
            (action, written) = (resolved.0, resolved.written)
            warnings += resolved.warnings
        }
        if target.resource == .namespaces, case .created = action {
            await namespaces.note(target.name, context.request.isDryRun ? .wouldExist : .exists)
        }
        if let written { try await restoreStatus(of: original, in: written, target: target, resource: resource) }
        return outcome(action)
    }

    private static func definition(of resource: GroupResource) -> ItemIdentity {
        ItemIdentity(resource: .customResourceDefinitions, namespace: nil, name: resource.description)
    }

    /// A namespace that is on its way out is waited for and then created.
    private func resolveExisting(
        _ object: KubernetesObject, _ target: ItemIdentity, _ resource: APIResource
    ) async throws -> (ItemOutcome.Action, written: Item?, warnings: [String]) {
        if target.resource == .namespaces, !context.request.isDryRun,
            let existing = try await context.cluster.get(resource, namespace: nil, name: target.name),
            existing.metadata.isTerminating
        {
            try await ObjectWaiter(context).untilGone(resource, namespace: nil, name: target.name)
            let written = try await context.cluster.create(
                resource, namespace: nil, object: object.serialized(), options: context.writeOptions)
            return (.created, written, [])
        }
        return try await existingObjects.resolve(object, target: target, resource: resource)
    }

    private func restoreStatus(
        of original: KubernetesObject, in written: Item, target: ItemIdentity, resource: APIResource
    ) async throws {
        guard let statusResources, statusResources.contains(target.resource), !context.request.isDryRun,
            let status = original["status"]
        else { return }
        var object = try KubernetesObject(parsing: written.bytes)
        object["status"] = status
        _ = try await context.cluster.update(
            resource, namespace: target.namespace, name: target.name, object: object.serialized(),
            subresource: "status", options: context.writeOptions)
    }
}

/// Which rows somebody is restoring or has restored: each is restored once.
final class RowClaims: Sendable {
    private let claimed: Mutex<[Bool]>

    init(count: Int) { claimed = Mutex(Array(repeating: false, count: count)) }

    /// Takes a row; false when it was taken before.
    func claim(_ row: BackupIndex.Row) -> Bool {
        claimed.withLock { claimed in
            defer { claimed[Int(row)] = true }
            return !claimed[Int(row)]
        }
    }
}
