public import GodwitModel
public import GodwitPluginAPI

/// The built-in actions of a backup: what belongs with an item, so that what was selected can be restored whole.
///
/// They name further items and change none: a backup holds objects as they were.
public enum BackupActions {
    /// All actions.
    ///
    /// - Parameter bindings: reads the ClusterRoleBindings, RoleBindings and SecurityContextConstraints of the cluster;
    ///   called at most once, when the first ServiceAccount is backed up.
    public static func all(
        bindings: @escaping @Sendable () async throws -> [KubernetesObject]
    ) -> [any BackupItemAction] {
        [PodBackupAction(), PersistentVolumeClaimBackupAction(), ServiceAccountBackupAction(bindings: bindings)]
    }
}
