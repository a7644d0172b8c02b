public import GodwitPluginAPI

/// What makes virtual machines of KubeVirt whole in a backup and safe in a restore, as the kubevirt-velero-plugin does.
public enum KubeVirt {
    /// What a backup takes along.
    public static func backupActions() -> [any BackupItemAction] {
        [VirtualMachineBackupAction(), DataVolumeBackupAction()]
    }

    /// The fixes of every restore: first those that leave items out.
    public static func fixes() -> [any RestoreItemAction] {
        [
            LauncherPodAction(), VirtualMachineInstanceAction(), DataVolumeClaimAction(), DataVolumeAction(),
            VirtualMachineAction(),
        ]
    }
}
