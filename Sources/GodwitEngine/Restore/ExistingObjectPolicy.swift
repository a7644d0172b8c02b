import GodwitModel
import KubernetesClient

/// What came of an object in the cluster.
struct Placement: Sendable {
    let action: ItemOutcome.Action
    /// The object as the cluster stored it, where it was written.
    var written: Item?
    var warnings: [String] = []
}

/// Decides what becomes of an object that is in the cluster already.
struct ExistingObjectPolicy: Sendable {
    private let context: ExecutionContext
    private let fixes: ActionChain
    private let owners: ClaimOwners

    /// What holds other objects, or data, is never deleted to be replaced; nor is what pods of all namespaces need to be
    /// admitted. A snapshot goes with its object, and a DataVolume's claim with it.
    private static let neverDeleted = Set(
        [
            "namespaces", "customresourcedefinitions.apiextensions.k8s.io", "persistentvolumes",
            "persistentvolumeclaims", "volumesnapshots.snapshot.storage.k8s.io",
            "volumesnapshotcontents.snapshot.storage.k8s.io", "datavolumes.cdi.kubevirt.io",
            "virtualmachines.kubevirt.io", "virtualmachinepools.pool.kubevirt.io",
            "securitycontextconstraints.security.openshift.io",
        ].map { GroupResource(parsing: $0) })

    /// - Parameter fixes: the built-in fixes; the existing object passes through them before it is compared, so that
    ///   what a restore never sets (a cluster IP, a node port) is no difference.
    init(_ context: ExecutionContext, fixes: ActionChain) {
        self.context = context
        self.fixes = fixes
        owners = ClaimOwners(context)
    }

    /// Compares, and acts by the restore's policy.
    ///
    /// - Parameters:
    ///   - desired: the object as it was to be created, with the labels of the restore.
    ///   - existing: the object in the cluster.
    func resolve(_ desired: KubernetesObject, existing: Item, at place: Place) async throws -> Placement {
        let current = try KubernetesObject(parsing: existing.bytes)
        let resource = place.resource.groupResource
        if resource == .serviceAccounts { return try await mergeServiceAccount(desired, current, place) }
        let fixed = try await fixed(current, place)
        guard !ObjectCleaner.comparable(fixed).isSameJSON(as: ObjectCleaner.comparable(desired)) else {
            return Placement(action: .unchanged)
        }
        switch context.restore.spec.existingResourcePolicy {
        case .none where resource == .namespaces:
            // Every cluster has its own `default` and `kube-…` namespaces; that they differ is nobody's concern.
            return Placement(action: .skipped("the namespace exists; its labels and annotations were left as they are"))
        case .none:
            let remark = "exists and differs from the backup; it was left as it is (existing resource policy: none)"
            return Placement(action: .skipped("exists and differs from the backup"), warnings: [remark])
        case .fail:
            return Placement(action: .failed("exists and differs from the backup (existing resource policy: fail)"))
        case .replace where !Self.neverDeleted.contains(resource):
            guard let claim = try await owners.claim(goingWith: current, at: place) else {
                return try await replace(desired, existing, putBack: fixed, place)
            }
            var placement = try await update(desired, fixed, current, place)
            placement.warnings.append("it was changed and not replaced: claim '\(claim)' would have gone with it")
            return placement
        case .update, .replace:
            return try await update(desired, fixed, current, place)
        }
    }

    private func fixed(_ current: KubernetesObject, _ place: Place) async throws -> KubernetesObject {
        let cleaned = ObjectCleaner.cleaned(current)
        switch try await fixes.run(cleaned, original: current, identity: place.identity, context: context) {
        case .restore(let restored): return restored.object
        case .skip: return cleaned
        }
    }

    /// Changes only what differs; what the fixes took from both sides stays as the cluster has it.
    private func update(
        _ desired: KubernetesObject, _ fixed: KubernetesObject, _ current: KubernetesObject, _ place: Place
    ) async throws -> Placement {
        var before = fixed
        before.labels = current.labels
        // A list is replaced as a whole, so that the cluster's own entries would be lost with a changed one.
        before[path: "metadata", "finalizers"] = nil
        var desired = desired
        desired[path: "metadata", "finalizers"] = nil
        // Only what is created is to be filled.
        if desired.annotations[ClaimName.unfilledAnnotation] != nil {
            desired.annotations[ClaimName.unfilledAnnotation] = before.annotations[ClaimName.unfilledAnnotation]
        }
        guard let patch = JSONMergePatch.difference(from: before.value, to: desired.value) else {
            return Placement(action: .unchanged)
        }
        return Placement(action: .updated, written: try await context.target.patch(place, patch))
    }

    /// Deletes the object and creates it anew.
    private func replace(
        _ desired: KubernetesObject, _ existing: Item, putBack: KubernetesObject, _ place: Place
    ) async throws -> Placement {
        let (target, quotas) = (context.target, context.quotas)
        try await target.delete(existing, at: place)
        // A dry run has deleted nothing, so there is no point in asking whether the object could be created.
        guard !target.isDryRun else { return Placement(action: .updated) }
        do {
            try await context.waiter.untilGone(existing, at: place)
        } catch {
            throw ItemError("it was deleted to be replaced, and not created again: \(Self.reason(error))")
        }
        // While the object is missing nothing may interrupt: the task of its own is not cancelled with the run.
        return try await Task {
            do {
                return Placement(
                    action: .updated, written: try await quotas.create(desired, at: place, in: target))
            } catch {
                do {
                    _ = try await quotas.create(putBack, at: place, in: target)
                } catch let second {
                    throw ItemError("it was deleted, and neither it (\(error)) nor the old object (\(second)) created")
                }
                throw ItemError("\(error); the old object was put back")
            }
        }.value
    }

    private static func reason(_ error: any Error) -> String {
        error is CancellationError ? "the restore was interrupted" : "\(error)"
    }

    /// A service account that exists keeps what it has and gets the secrets, labels and annotations of the backup,
    /// whatever the policy: every namespace comes with one called `default`.
    private func mergeServiceAccount(
        _ desired: KubernetesObject, _ current: KubernetesObject, _ place: Place
    ) async throws -> Placement {
        var merged = current
        for key in ["secrets", "imagePullSecrets"] {
            let have = current[key]?.array ?? []
            let names = Set(have.compactMap { $0["name"]?.string })
            let missing = (desired[key]?.array ?? []).filter { $0["name"]?.string.map { !names.contains($0) } ?? false }
            if !missing.isEmpty { merged[key] = .array(have + missing) }
        }
        let wanted = KubernetesObject(ObjectCleaner.comparable(desired))
        merged.labels = current.labels.merging(wanted.labels) { mine, _ in mine }
        merged.annotations = current.annotations.merging(wanted.annotations) { mine, _ in mine }
        guard let patch = JSONMergePatch.difference(from: current.value, to: merged.value) else {
            return Placement(action: .unchanged)
        }
        return Placement(action: .updated, written: try await context.target.patch(place, patch))
    }
}
