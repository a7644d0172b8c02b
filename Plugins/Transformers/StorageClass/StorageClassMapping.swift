import FieldPaths
public import GodwitModel
public import GodwitPluginAPI

/// Moves claims and volumes to other storage classes.
///
/// Changed are PersistentVolumeClaims, PersistentVolumes, the claim templates of StatefulSets, the templates of generic
/// ephemeral volumes in all workload kinds, KubeVirt's DataVolumes and the templates of them in virtual machines, and the
/// keys of ResourceQuotas that limit one class; the field as well as the beta annotation. StorageClass objects keep their
/// names.
///
/// A class that neither exists in the cluster nor comes with the restore gives a warning: the claim will wait for it.
public struct StorageClassMapping: RestoreItemAction {
    /// `godwit.io/storage-class-mapping`
    public let name = "godwit.io/storage-class-mapping"
    /// Claims, volumes, workload kinds and quotas.
    public let appliesTo = ResourceSelector(
        includedResources: [
            "persistentvolumeclaims", "persistentvolumes", "resourcequotas", "datavolumes.cdi.kubevirt.io",
            "dataimportcrons.cdi.kubevirt.io",
        ] + PodSpecs.resources)
    /// Class in the backup to class in the cluster.
    public let mapping: [String: String]

    private static let betaAnnotation = "volume.beta.kubernetes.io/storage-class"
    private static let quotaInfix = ".storageclass.storage.k8s.io/"
    private static let claimTemplates: FieldPath = "spec.volumeClaimTemplates[*]"
    private static let ephemeralClaims: FieldPath = "volumes[*].ephemeral.volumeClaimTemplate"

    /// Maps classes by exact name.
    public init(mapping: [String: String]) { self.mapping = mapping }

    /// Changes the storage classes that the object names.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        var used: Set<String> = []
        switch item.kind {
        case "PersistentVolumeClaim", "PersistentVolume": mapClaim(&item.value, &used)
        case "ResourceQuota": mapQuota(&item)
        case "StatefulSet": Self.claimTemplates.update(&item) { mapClaim(&$0, &used) }
        default: break
        }
        DataVolumeSpecs.path(in: GroupKind(of: item))?.update(&item) { spec in
            map([["pvc", "storageClassName"], ["storage", "storageClassName"]], in: &spec, &used)
        }
        if let podSpec = PodSpecs.path(in: GroupKind(of: item)) {
            podSpec.appending(Self.ephemeralClaims).update(&item) { mapClaim(&$0, &used) }
        }
        var warnings: [String] = []
        for name in used.sorted() where try await !isAvailable(name, context) {
            warnings.append("storage class '\(name)', to which it was mapped, does not exist in the cluster")
        }
        return .restore(item, warnings: warnings)
    }

    private func mapClaim(_ claim: inout JSONValue, _ used: inout Set<String>) {
        map([["spec", "storageClassName"], ["metadata", "annotations", Self.betaAnnotation]], in: &claim, &used)
    }

    private func map(_ places: [ArraySlice<String>], in value: inout JSONValue, _ used: inout Set<String>) {
        for place in places {
            guard let name = value[path: place]?.string, let target = mapping[name] else { continue }
            value[path: place] = .string(target)
            used.insert(target)
        }
    }

    /// `gold.storageclass.storage.k8s.io/requests.storage` limits the claims of one class. Where two classes become
    /// one, the limit that stands for the target, or else the first by name, stays.
    private func mapQuota(_ quota: inout KubernetesObject) {
        guard let limits = quota[path: "spec", "hard"]?.object else { return }
        var kept: [String: JSONValue] = [:]
        var moved: [(key: String, limit: JSONValue)] = []
        for (key, limit) in limits.sorted(by: { $0.key < $1.key }) {
            if let infix = key.firstRange(of: Self.quotaInfix), let target = mapping[String(key[..<infix.lowerBound])] {
                moved.append((target + key[infix.lowerBound...], limit))
            } else {
                kept[key] = limit
            }
        }
        guard !moved.isEmpty else { return }
        for (key, limit) in moved where kept[key] == nil { kept[key] = limit }
        quota[path: "spec", "hard"] = .object(kept)
    }

    private func isAvailable(_ name: String, _ context: any RestoreContext) async throws -> Bool {
        let identity = ItemIdentity(resource: .storageClasses, namespace: nil, name: name)
        if context.willRestore(identity) { return true }
        return try await context.existing(identity) != nil
    }
}
