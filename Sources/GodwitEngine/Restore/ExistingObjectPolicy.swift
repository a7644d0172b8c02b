import GodwitModel
import KubernetesClient

/// Decides what becomes of an object that is in the cluster already.
struct ExistingObjectPolicy: Sendable {
    private let context: ExecutionContext
    private let fixes: ActionChain

    /// - Parameter fixes: the built-in fixes; the existing object passes through them before it is compared, so that
    ///   what a restore never sets (a cluster IP, a node port) is no difference.
    init(_ context: ExecutionContext, fixes: ActionChain) {
        self.context = context
        self.fixes = fixes
    }

    /// Compares, and acts by the restore's policy.
    ///
    /// - Parameters:
    ///   - desired: the object as it was to be created, with the labels of the restore.
    ///   - target: which object.
    /// - Returns: what happened, and the stored object where it was written.
    func resolve(
        _ desired: KubernetesObject, target: ItemIdentity, resource: APIResource
    ) async throws -> (ItemOutcome.Action, written: Item?, warnings: [String]) {
        guard let item = try await context.cluster.get(resource, namespace: target.namespace, name: target.name) else {
            // It vanished in between.
            return (.created, try await create(desired, target, resource), [])
        }
        let existing = try KubernetesObject(parsing: item.bytes)
        if target.resource == .serviceAccounts {
            return try await mergeServiceAccount(desired, existing, target, resource)
        }
        let comparable = try await comparable(existing, target)
        if comparable == ObjectCleaner.unlabelled(desired) { return (.unchanged, nil, []) }
        switch context.restore.spec.existingResourcePolicy {
        case .none:
            // Every cluster has its own `default` and `kube-…` namespaces; they are there to be used, not compared.
            guard target.resource != .namespaces else { return (.unchanged, nil, []) }
            let remark = "exists and differs from the backup; it was left as it is (existing resource policy: none)"
            return (.skipped("exists and differs from the backup"), nil, [remark])
        case .fail:
            return (.failed("exists already (existing resource policy: fail)"), nil, [])
        case .update:
            return (.updated, try await update(desired, comparable, existing, target, resource), [])
        case .replace:
            return (.updated, try await replace(desired, item, target, resource), [])
        }
    }

    private func comparable(_ existing: KubernetesObject, _ target: ItemIdentity) async throws -> KubernetesObject {
        let cleaned = ObjectCleaner.unlabelled(ObjectCleaner.cleaned(existing))
        switch try await fixes.run(cleaned, original: existing, identity: target, context: context) {
        case .restore(let object, _, _): return object
        case .skip: return cleaned
        }
    }

    private func create(
        _ object: KubernetesObject, _ target: ItemIdentity, _ resource: APIResource
    ) async throws -> Item {
        try await context.cluster.create(
            resource, namespace: target.namespace, object: object.serialized(), options: context.writeOptions)
    }

    /// Changes only what differs; what the fixes took from both sides stays as the cluster has it.
    private func update(
        _ desired: KubernetesObject, _ comparable: KubernetesObject, _ existing: KubernetesObject,
        _ target: ItemIdentity, _ resource: APIResource
    ) async throws -> Item? {
        var current = comparable
        current.labels = existing.labels
        guard let patch = JSONMergePatch.difference(from: current.value, to: desired.value) else { return nil }
        return try await context.cluster.patch(
            resource, namespace: target.namespace, name: target.name, patch: Patch(.merge, patch.serialized()),
            subresource: nil, options: context.writeOptions)
    }

    private func replace(
        _ desired: KubernetesObject, _ existing: Item, _ target: ItemIdentity, _ resource: APIResource
    ) async throws -> Item? {
        let options = DeleteOptions(
            propagation: .background, uid: existing.metadata.uid.isEmpty ? nil : existing.metadata.uid,
            isDryRun: context.request.isDryRun)
        do {
            try await context.cluster.delete(
                resource, namespace: target.namespace, name: target.name, options: options)
        } catch let error as ClusterError where error.kind == .notFound {}
        // A dry run has deleted nothing, so there is no point in asking whether the object could be created.
        guard !context.request.isDryRun else { return nil }
        try await ObjectWaiter(context).untilGone(resource, namespace: target.namespace, name: target.name)
        return try await create(desired, target, resource)
    }

    /// A service account that exists keeps what it has and gets the secrets, labels and annotations of the backup.
    private func mergeServiceAccount(
        _ desired: KubernetesObject, _ existing: KubernetesObject, _ target: ItemIdentity, _ resource: APIResource
    ) async throws -> (ItemOutcome.Action, written: Item?, warnings: [String]) {
        var merged = existing
        for key in ["secrets", "imagePullSecrets"] {
            let have = existing[key]?.array ?? []
            let names = Set(have.compactMap { $0["name"]?.string })
            let missing = (desired[key]?.array ?? []).filter { $0["name"]?.string.map { !names.contains($0) } ?? false }
            if !missing.isEmpty { merged[key] = .array(have + missing) }
        }
        let wanted = ObjectCleaner.unlabelled(desired)
        merged.labels = existing.labels.merging(wanted.labels) { mine, _ in mine }
        merged.annotations = existing.annotations.merging(wanted.annotations) { mine, _ in mine }
        guard let patch = JSONMergePatch.difference(from: existing.value, to: merged.value) else {
            return (.unchanged, nil, [])
        }
        let written = try await context.cluster.patch(
            resource, namespace: target.namespace, name: target.name, patch: Patch(.merge, patch.serialized()),
            subresource: nil, options: context.writeOptions)
        return (.updated, written, [])
    }
}
