public import GodwitModel
public import GodwitPluginAPI

/// Makes a PersistentVolume ready to be bound by its restored claim.
///
/// The claim's uid and resource version and the marks of the binding are removed; its namespace and name stay, and
/// reserve the volume. A volume whose claim moves to another namespace is renamed if a volume of that name exists for
/// another claim. A volume with reclaim policy Delete is left out, see ``RestoreFixes/Options``.
public struct PersistentVolumeAction: RestoreItemAction {
    /// `godwit.io/persistent-volume`
    public let name = "godwit.io/persistent-volume"
    /// PersistentVolumes.
    public let appliesTo = ResourceSelector(includedResources: ["persistentvolumes"])

    static let bindingAnnotations = ["pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"]
    static let originalNameAnnotation = "velero.io/original-pv-name"

    private let rules: VolumeRules

    /// The action under these rules.
    public init(rules: VolumeRules = VolumeRules()) { self.rules = rules }

    /// Unbinds, renames or skips the volume.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        switch try await rules.decision(for: original, context) {
        case .provisionAnew(let reason): return .skip(reason: reason)
        case .restore(let name):
            var item = item
            item.removeAnnotations(Self.bindingAnnotations)
            item[path: "spec", "claimRef", "uid"] = nil
            item[path: "spec", "claimRef", "resourceVersion"] = nil
            if name != original.name {
                item.name = name
                item[path: "metadata", "annotations", Self.originalNameAnnotation] = .string(original.name)
            }
            return .restore(item)
        }
    }
}

extension KubernetesObject {
    /// Removes annotations, and the whole map when none is left.
    mutating func removeAnnotations(_ keys: [String]) {
        guard var annotations = self[path: "metadata", "annotations"]?.object else { return }
        let count = annotations.count
        for key in keys { annotations[key] = nil }
        guard annotations.count < count else { return }
        self[path: "metadata", "annotations"] = annotations.isEmpty ? nil : .object(annotations)
    }
}
