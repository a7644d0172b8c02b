public import GodwitModel
public import GodwitPluginAPI

/// Leaves out CSI snapshots that would be taken anew instead of being brought back.
///
/// A VolumeSnapshot of Velero's stands for a snapshot of the backup, of which the claims themselves get their volumes; its
/// source is the claim, so restored as it is it would take a snapshot of the restored volume. A VolumeSnapshotContent whose
/// source is a volume was made for a VolumeSnapshot, and would have its driver take a snapshot of the old volume.
public struct VolumeSnapshotAction: RestoreItemAction {
    /// `godwit.io/volume-snapshot`
    public let name = "godwit.io/volume-snapshot"
    /// VolumeSnapshots and their contents.
    public let appliesTo = ResourceSelector(includedResources: [
        "volumesnapshots.snapshot.storage.k8s.io", "volumesnapshotcontents.snapshot.storage.k8s.io",
    ])

    private static let handleAnnotation = "velero.io/csi-volumesnapshot-handle"

    /// The action.
    public init() {}

    /// Skips what stands for a snapshot that is there already.
    public func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        if original.kind == "VolumeSnapshot", original.annotations[Self.handleAnnotation] != nil {
            return .skip(reason: "it stands for a snapshot of the backup, which its claim is restored from")
        }
        if original.kind == "VolumeSnapshotContent", original[path: "spec", "source", "volumeHandle"] != nil {
            return .skip(reason: "it was made for a VolumeSnapshot, and would take a new snapshot of the old volume")
        }
        return .restore(item)
    }
}
