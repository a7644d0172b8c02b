/// The kinds of plugins, by the names that Velero's plugin protocol has for them.
public enum PluginKind: String, Sendable, Hashable, CaseIterable, Comparable {
    /// ``ObjectStore``
    case objectStore = "ObjectStore"
    /// ``VolumeSnapshotter``
    case volumeSnapshotter = "VolumeSnapshotter"
    /// ``BackupItemAction`` that does all its work in the call.
    case backupItemAction = "BackupItemAction"
    /// ``BackupItemAction`` that may begin operations: ``OperatingBackupItemAction``.
    case backupItemActionV2 = "BackupItemActionV2"
    /// ``RestoreItemAction`` that does all its work in the call.
    case restoreItemAction = "RestoreItemAction"
    /// ``RestoreItemAction`` that may begin operations: ``OperatingRestoreItemAction``.
    case restoreItemActionV2 = "RestoreItemActionV2"
    /// ``DeleteItemAction``
    case deleteItemAction = "DeleteItemAction"
    /// ``ItemBlockAction``
    case itemBlockAction = "ItemBlockAction"

    /// In the order of the list above.
    public static func < (left: PluginKind, right: PluginKind) -> Bool {
        left.order < right.order
    }

    private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
