import GodwitModel
import KubernetesClient

/// Brings an object that is ready into the cluster: resource, namespace, creation or the policy for what exists, status.
struct ObjectPlacer: Sendable {
    /// An annotation of Velero's that overrules which statuses are restored.
    private static let statusAnnotation = "velero.io/restore-status"

    private let context: ExecutionContext
    private let existingObjects: ExistingObjectPolicy
    private let namespaces: NamespaceKeeper
    private let labels: [String: String]

    init(_ context: ExecutionContext, existingObjects: ExistingObjectPolicy, namespaces: NamespaceKeeper) {
        self.context = context
        self.existingObjects = existingObjects
        self.namespaces = namespaces
        labels = ObjectCleaner.labels(of: context.restore)
    }

    /// Places an object.
    ///
    /// - Parameters:
    ///   - original: the object as it is in the backup.
    ///   - identity: what it is in the backup.
    ///   - warnings: what is to be told of it already.
    /// - Throws: ``PlacementFailure``
    func place(
        _ object: KubernetesObject, original: KubernetesObject, identity: ItemIdentity, warnings: [String]
    ) async throws -> ItemOutcome {
        var target = ItemIdentity(resource: identity.resource, namespace: object.namespace, name: object.name)
        do {
            let isSame =
                object.kind == original.kind
                && GroupVersion(apiVersion: object.apiVersion).group
                    == GroupVersion(apiVersion: original.apiVersion).group
            let wanted = TargetResource(
                resource: identity.resource, apiVersion: object.apiVersion, kind: isSame ? nil : object.kind)
            guard let resource = context.resource(for: wanted) else {
                guard context.pretends(toServe: identity.resource) else {
                    throw ItemError("the cluster serves no \(identity.resource) (\(object.apiVersion))")
                }
                return ItemOutcome(item: identity, target: target, action: .created, warnings: warnings)
            }
            let place = Place(resource, object)
            target = place.identity
            let placement = try await self.place(object, at: place, source: identity)
            var warnings = warnings + placement.warnings
            if let written = placement.written {
                warnings += try await restoreStatus(of: original, in: written, at: place)
            }
            return ItemOutcome(item: identity, target: target, action: placement.action, warnings: warnings)
        } catch {
            throw PlacementFailure(target: target, warnings: warnings, cause: error)
        }
    }

    private func place(_ object: KubernetesObject, at place: Place, source: ItemIdentity) async throws -> Placement {
        var object = object
        let version = place.resource.groupVersion.description
        if object.apiVersion != version { object["apiVersion"] = .string(version) }
        if let namespace = place.namespace {
            let presence = try await namespaces.ensure(namespace, source: source.namespace ?? namespace)
            // The server cannot be asked about a namespace that only a real run would create.
            if presence == .wouldExist { return Placement(action: .created) }
        }
        object.addLabels(labels)
        if source.resource == .persistentVolumeClaims,
            context.holdsData(of: ClaimName(namespace: source.namespace ?? "", name: source.name))
        {
            // Should this run not come to filling it, the next one knows.
            object[path: "metadata", "annotations", ClaimName.unfilledAnnotation] = "true"
        }
        let placement: Placement
        do {
            placement = Placement(action: .created, written: try await context.target.create(object, at: place))
        } catch let refusal as ClusterError where Self.mayConcernExisting(refusal) {
            placement = try await settle(refusal, of: object, at: place, source: source)
        }
        if place.resource.groupResource == .namespaces, case .created = placement.action { namespaces.note(place.name) }
        return placement
    }

    /// Quotas, port allocators and webhooks look at an object before the server notices that it is there already.
    private static func mayConcernExisting(_ refusal: ClusterError) -> Bool {
        [.alreadyExists, .invalid, .forbidden, .quotaPending, .conflict, .unavailable].contains(refusal.kind)
    }

    /// The server did not create the object; perhaps because there is one.
    private func settle(
        _ refusal: ClusterError, of object: KubernetesObject, at place: Place, source: ItemIdentity
    ) async throws -> Placement {
        guard let existing = try await self.existing(at: place, after: refusal) else {
            if refusal.kind == .alreadyExists {
                // It vanished in between.
                return Placement(action: .created, written: try await create(object, at: place))
            }
            if refusal.kind == .quotaPending, !context.target.isDryRun {
                return Placement(action: .created, written: try await create(object, at: place))
            }
            if let remark = DryRunLimits.remark(refusal, object, source: source, context) {
                return Placement(action: .created, warnings: [remark])
            }
            throw refusal
        }
        guard existing.metadata.isTerminating else {
            return try await existingObjects.resolve(object, existing: existing, at: place)
        }
        guard !context.target.isDryRun else { return Placement(action: .created) }
        try await context.waiter.untilGone(existing, at: place)
        return Placement(action: .created, written: try await create(object, at: place))
    }

    private func create(_ object: KubernetesObject, at place: Place) async throws -> Item {
        try await context.quotas.create(object, at: place, in: context.target)
    }

    private func existing(at place: Place, after refusal: ClusterError) async throws -> Item? {
        do {
            return try await context.target.get(place)
        } catch let error as ClusterError where refusal.kind != .alreadyExists {
            // The refusal says more than that one may not look either.
            guard error.kind == .forbidden || error.kind == refusal.kind else { throw error }
            throw refusal
        }
    }

    /// - Returns: warnings. An object without its status is still there.
    private func restoreStatus(
        of original: KubernetesObject, in written: Item, at place: Place
    ) async throws -> [String] {
        guard !context.target.isDryRun, let status = original["status"], restoresStatus(of: original, place) else {
            return []
        }
        let current = try KubernetesObject(parsing: written.bytes)["status"] ?? [:]
        guard let difference = JSONMergePatch.difference(from: current, to: status) else { return [] }
        do {
            _ = try await context.target.patch(place, ["status": difference], subresource: "status")
            return []
        } catch let error as ClusterError {
            return ["its status could not be restored: \(error)"]
        }
    }

    private func restoresStatus(of original: KubernetesObject, _ place: Place) -> Bool {
        switch original[path: "metadata", "annotations", Self.statusAnnotation]?.string?.lowercased() {
        case "true": true
        case "false": false
        default: context.selection.restoresStatus(of: place.resource.groupResource)
        }
    }
}

/// An object could not be brought into the cluster.
struct PlacementFailure: Error {
    let target: ItemIdentity
    let warnings: [String]
    let cause: any Error
}

/// What a server cannot judge in a dry run, because the dry run has not created what comes before.
private enum DryRunLimits {
    private static let priorityClasses = GroupResource(group: "scheduling.k8s.io", resource: "priorityclasses")

    /// Why a refusal says nothing about the real run; nil when it does.
    static func remark(
        _ refusal: ClusterError, _ object: KubernetesObject, source: ItemIdentity, _ context: ExecutionContext
    ) -> String? {
        guard context.target.isDryRun else { return nil }
        if refusal.kind == .quotaPending { return "the server cannot judge it before it has computed the quota" }
        guard refusal.kind == .forbidden, source.resource == .pods else { return nil }
        let account = object[path: "spec", "serviceAccountName"]?.string.map {
            ItemIdentity(resource: .serviceAccounts, namespace: source.namespace, name: $0)
        }
        let priority = object[path: "spec", "priorityClassName"]?.string.map {
            ItemIdentity(resource: priorityClasses, namespace: nil, name: $0)
        }
        let needed = [account, priority].compactMap { $0 }.first { item in
            context.willRestore(item) && (refusal.reason ?? "").contains(item.name)
        }
        return needed.map { "the server cannot judge it before \($0) is restored" }
    }
}
