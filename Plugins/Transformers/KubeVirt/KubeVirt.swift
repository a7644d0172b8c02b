public import GodwitPluginAPI

/// What makes virtual machines of KubeVirt whole in a backup and safe in a restore, as the kubevirt-velero-plugin does.
public enum KubeVirt {
    /// What a backup takes along.
    public static func backupActions() -> [any BackupItemAction] {
        [VirtualMachineBackupAction(), DataVolumeBackupAction()]
    }

    /// The fixes of every restore: first those that leave items out.
    ///
    /// - Parameter restoresDeletableVolumes: PersistentVolumes whose reclaim policy is Delete are restored as they are.
    public static func fixes(restoresDeletableVolumes: Bool = false) -> [any RestoreItemAction] {
        [
            LauncherPodAction(), VirtualMachineInstanceAction(), VirtualMachineRequestAction(),
            DataVolumeClaimAction(),
            DataVolumeAction(restoresDeletableVolumes: restoresDeletableVolumes), VirtualMachineAction(),
        ]
    }
}
