/// The services of package godwit.v1 that a program may serve beside Velero's.
package enum ExtensionService: String, Sendable, Hashable, CaseIterable {
    /// Object stores with sizes, ranges and conditions.
    case objectStore = "godwit.v1.ObjectStore"
    /// Backup item actions that take many items in a call.
    case backupItemAction = "godwit.v1.BackupItemAction"
}
