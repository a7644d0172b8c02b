public import GodwitModel
public import GodwitPluginAPI

/// Sets the reclaim policy of restored PersistentVolumes, and puts it back.
///
/// A migration restores volumes with `Retain`, so that nothing deletes the disk while two clusters know it. The policy
/// that stood there is kept in the annotation `godwit.io/original-reclaim-policy`, beside the one that was set; a later
/// restore, of a backup taken meanwhile, puts it back. A policy that somebody has changed in between stays as it is, with a
/// warning: whoever chose `Retain` by hand does not want the disk deleted.
public struct ReclaimPolicy: RestoreItemAction {
    /// The annotation that keeps the policy that was replaced.
    public static let originalPolicyAnnotation = "godwit.io/original-reclaim-policy"
    /// The annotation that keeps the policy that was set: while it stands there, nobody has changed it since.
    public static let setPolicyAnnotation = "godwit.io/set-reclaim-policy"

    /// The policies of a PersistentVolume.
    public enum Policy: String, Sendable, Hashable, CaseIterable {
        /// The volume stays when its claim is deleted.
        case retain = "Retain"
        /// The volume is deleted with its claim.
        case delete = "Delete"
        /// The volume is scrubbed and offered again; deprecated.
        case recycle = "Recycle"
    }

    /// What is done to a volume's policy.
    public enum Mode: Sendable, Hashable {
        /// It becomes this one; the original is kept in the annotation.
        case set(Policy)
        /// What was kept is put back where nobody has changed it since, and the annotations are removed; without one
        /// nothing changes.
        case restoreOriginal
    }

    /// `godwit.io/reclaim-policy`
    public let name = "godwit.io/reclaim-policy"
    /// PersistentVolumes.
    public let appliesTo = ResourceSelector(includedResources: ["persistentvolumes"])
    /// What is done.
    public let mode: Mode

    /// Changes reclaim policies.
    public init(_ mode: Mode) { self.mode = mode }

    /// Changes the volume's reclaim policy.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        guard item.kind == "PersistentVolume" else { return .restore(item) }
        switch mode {
        case .set(let policy): return .restore(Self.setting(policy, on: item, original))
        case .restoreOriginal: return Self.restoringOriginal(of: item, original)
        }
    }

    private static func setting(
        _ policy: Policy, on item: KubernetesObject, _ original: KubernetesObject
    ) -> KubernetesObject {
        let current = current(of: item)
        guard current != policy.rawValue else { return item }
        var item = item
        item[path: "spec", "persistentVolumeReclaimPolicy"] = .string(policy.rawValue)
        // Of several moves in a row the first one knew the original, unless somebody has changed it in between.
        let kept = isStale(original.annotations, current) ? nil : original.annotations[originalPolicyAnnotation]
        item[path: "metadata", "annotations", originalPolicyAnnotation] = .string(kept ?? current)
        item[path: "metadata", "annotations", setPolicyAnnotation] = .string(policy.rawValue)
        return item
    }

    private static func restoringOriginal(
        of item: KubernetesObject, _ original: KubernetesObject
    ) -> RestoreItemOutcome {
        // Rules for annotations may have removed it from the item.
        guard let text = original.annotations[originalPolicyAnnotation] else { return .restore(item) }
        guard let policy = Policy(rawValue: text) else {
            return .restore(
                item,
                warnings: ["the annotation \(originalPolicyAnnotation) holds '\(text)', which is no reclaim policy"])
        }
        var item = item
        var warnings: [String] = []
        let current = current(of: item)
        if !isStale(original.annotations, current) {
            item[path: "spec", "persistentVolumeReclaimPolicy"] = .string(policy.rawValue)
        } else if current != text {
            warnings.append(
                "its reclaim policy stays \(current), because it was changed since \(text) was kept in the annotation "
                    + originalPolicyAnnotation)
        }
        item.annotations[originalPolicyAnnotation] = nil
        item.annotations[setPolicyAnnotation] = nil
        return .restore(item, warnings: warnings)
    }

    /// A volume without the field is one that a person wrote; the server defaults it to Retain.
    private static func current(of item: KubernetesObject) -> String {
        item[path: "spec", "persistentVolumeReclaimPolicy"]?.string ?? Policy.retain.rawValue
    }

    /// Whether somebody has changed the policy since these annotations were written.
    private static func isStale(_ annotations: [String: String], _ current: String) -> Bool {
        annotations[setPolicyAnnotation].map { $0 != current } ?? false
    }
}
