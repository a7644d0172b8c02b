import FieldPaths
public import GodwitModel
public import GodwitPluginAPI

/// Restores claims under other names, and every reference to a mapped claim with them.
///
/// Changed are the claims' names, the reservation of a PersistentVolume (`claimRef`), the volumes of pods and of the pod
/// templates of all workload kinds, and what is made of a claim: clones (`ClaimSources`) and VolumeSnapshots. The namespaces
/// of the mapping must be those that the namespace mapping leads to: a pod only sees claims of its own namespace.
///
/// A DataVolume of KubeVirt has the name of its claim and goes with it, and with it the templates and volumes of virtual
/// machines that name it.
///
/// The claims of a StatefulSet's templates have names that follow from its own; where such a claim is mapped, the
/// StatefulSet is restored with a warning, because its controller will make a new claim under the old name.
public struct ClaimMapping: RestoreItemAction {
    /// `godwit.io/claim-mapping`
    public let name = "godwit.io/claim-mapping"
    /// Claims, volumes, workload kinds, and what is made of claims.
    public let appliesTo = ResourceSelector(
        includedResources: [
            "persistentvolumeclaims", "persistentvolumes", "datavolumes.cdi.kubevirt.io",
            "dataimportcrons.cdi.kubevirt.io", "datasources.cdi.kubevirt.io",
            "volumesnapshots.snapshot.storage.k8s.io",
        ] + PodSpecs.resources)
    /// Claim in the backup to claim in the cluster.
    public let mapping: [ClaimName: ClaimName]

    private static let claimNames: [FieldPath] = [
        "volumes[*].persistentVolumeClaim.claimName", "volumes[*].dataVolume.name", "volumes[*].memoryDump.claimName",
        "volumes[*].ephemeral.persistentVolumeClaim.claimName",
    ]
    private static let snapshotSource: FieldPath = "spec.source.persistentVolumeClaimName"
    private static let dataVolumeTemplates: FieldPath = "spec.dataVolumeTemplates[*].metadata.name"

    /// Maps claims by exact name.
    public init(mapping: [ClaimName: ClaimName]) { self.mapping = mapping }

    /// Changes the names of claims in the object.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        var item = item
        ClaimSources.map(&item, original, target)
        switch item.kind {
        case "PersistentVolumeClaim", "DataVolume":
            if let new = target(original.namespace, original.name) { item.name = new }
            return .restore(item)
        case "VolumeSnapshot":
            Self.snapshotSource.update(&item) { name in
                if let new = target(original.namespace, name.string) { name = .string(new) }
            }
            return .restore(item)
        case "PersistentVolume":
            let claim = original[path: "spec", "claimRef"]
            if let new = target(claim?["namespace"]?.string, claim?["name"]?.string) {
                item[path: "spec", "claimRef", "name"] = .string(new)
            }
            return .restore(item)
        default: break
        }
        if let podSpec = PodSpecs.path(in: GroupKind(of: item)) {
            let templates = item.kind == "VirtualMachine" ? [Self.dataVolumeTemplates] : []
            for path in Self.claimNames.map(podSpec.appending) + templates {
                path.update(&item) { name in
                    if let new = target(original.namespace, name.string) { name = .string(new) }
                }
            }
        }
        return .restore(item, warnings: warnings(about: original))
    }

    private func target(_ namespace: String?, _ name: String?) -> String? {
        guard let namespace, let name else { return nil }
        return mapping[ClaimName(namespace: namespace, name: name)]?.name
    }

    /// Mapped claims whose name a StatefulSet decides.
    private func warnings(about workload: KubernetesObject) -> [String] {
        guard workload.kind == "StatefulSet" else { return [] }
        return mapping.keys.filter { $0.isMade(by: workload) }.sorted().map {
            "its claim '\($0.name)' is restored under another name, which it will not use"
        }
    }
}
