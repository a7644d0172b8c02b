public import GodwitModel
public import GodwitPluginAPI

/// A bound claim brings its volume.
///
/// Velero also rewrites the claim here (data sources, selector); Godwit does that on restore, and only when the claim
/// gets a new volume.
public struct PersistentVolumeClaimBackupAction: BackupItemAction {
    /// `godwit.io/pvc`
    public let name = "godwit.io/pvc"
    /// Claims.
    public let appliesTo = ResourceSelector(includedResources: ["persistentvolumeclaims"])

    /// The action.
    public init() {}

    /// Names the claim's volume.
    public func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
        guard let volume = item[path: "spec", "volumeName"]?.string, !volume.isEmpty else { return BackupItemOutcome() }
        // A manifest has no status; a claim that names its volume there is meant to be bound to it.
        let phase = item[path: "status", "phase"]?.string ?? "Bound"
        guard phase == "Bound" else { return BackupItemOutcome() }
        return BackupItemOutcome(
            additionalItems: [ItemIdentity(resource: .persistentVolumes, namespace: nil, name: volume)])
    }
}
