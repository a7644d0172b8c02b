import FieldPaths
import GodwitModel

/// Where claims and DataVolumes name the claim that they are a clone of.
enum ClaimSources {
    /// Kubernetes' own: a reference with a kind, inside the spec of a claim.
    private static let references: [FieldPath] = ["dataSource", "dataSourceRef"]
    /// CDI's, inside the spec of a DataVolume.
    private static let source: FieldPath = "source.pvc"
    /// The claims that a DataVolume makes, inside its spec.
    private static let madeClaims: [FieldPath] = ["pvc", "storage"]
    /// The claims that pods make, inside a pod spec.
    private static let ephemeralClaims: FieldPath = "volumes[*].ephemeral.volumeClaimTemplate.spec"

    /// Changes the names of the claims.
    ///
    /// A reference may say another namespace than its object's. Of the two, the object's references are mapped already,
    /// so the namespaces are read from the original.
    ///
    /// - Parameter target: the new name of a claim, by namespace and name in the backup; nil where it keeps its name.
    static func map(
        _ item: inout KubernetesObject, _ original: KubernetesObject, _ target: (String?, String?) -> String?
    ) {
        for path in paths(in: GroupKind(of: item)) {
            let before = path.values(in: original)
            var index = 0
            path.update(&item) { reference in
                defer { index += 1 }
                // Another action may have changed the list; then nobody can tell what belongs together.
                guard index < before.count, let name = reference["name"], before[index]["name"] == name,
                    isClaim(reference)
                else { return }
                let namespace = before[index]["namespace"]?.string.flatMap { $0.isEmpty ? nil : $0 }
                if let new = target(namespace ?? original.namespace, name.string) { reference["name"] = .string(new) }
            }
        }
    }

    /// Sources of CDI's have no kind.
    private static func isClaim(_ reference: JSONValue) -> Bool {
        guard let kind = reference["kind"]?.string else { return true }
        return kind == "PersistentVolumeClaim" && (reference["apiGroup"]?.string ?? "").isEmpty
    }

    private static func paths(in kind: GroupKind) -> [FieldPath] {
        var claims: [FieldPath] = []
        var sources: [FieldPath] = []
        switch kind {
        case GroupKind("", "PersistentVolumeClaim"): claims.append("spec")
        case GroupKind("apps", "StatefulSet"): claims.append("spec.volumeClaimTemplates[*].spec")
        case GroupKind("cdi.kubevirt.io", "DataSource"): sources.append("spec.source.pvc")
        default: break
        }
        if let volume = DataVolumeSpecs.path(in: kind) {
            claims += madeClaims.map(volume.appending)
            sources.append(volume.appending(source))
        }
        if let podSpec = PodSpecs.path(in: kind) { claims.append(podSpec.appending(ephemeralClaims)) }
        return sources + claims.flatMap { claim in references.map(claim.appending) }
    }
}
