import GRPCCore
import GodwitPluginAPI
import PluginProtocol

/// The plugins of a program, by kind and name.
struct ServedPlugins: Sendable {
    let objectStores: [String: any ObjectStoreProvider]
    let volumeSnapshotters: [String: any VolumeSnapshotterProvider]
    let backupItemActions: [String: any BackupItemAction]
    let restoreItemActions: [String: any RestoreItemAction]
    let deleteItemActions: [String: any DeleteItemAction]
    let itemBlockActions: [String: any ItemBlockAction]

    init(
        objectStores: [any ObjectStoreProvider], volumeSnapshotters: [any VolumeSnapshotterProvider],
        backupItemActions: [any BackupItemAction], restoreItemActions: [any RestoreItemAction],
        deleteItemActions: [any DeleteItemAction], itemBlockActions: [any ItemBlockAction]
    ) {
        self.objectStores = Self.byName(objectStores, \.name)
        self.volumeSnapshotters = Self.byName(volumeSnapshotters, \.name)
        self.backupItemActions = Self.byName(backupItemActions, \.name)
        self.restoreItemActions = Self.byName(restoreItemActions, \.name)
        self.deleteItemActions = Self.byName(deleteItemActions, \.name)
        self.itemBlockActions = Self.byName(itemBlockActions, \.name)
    }

    private static func byName<Plugin>(_ plugins: [Plugin], _ name: (Plugin) -> String) -> [String: Plugin] {
        Dictionary(plugins.map { (name($0), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// All names.
    var names: [String] { listing.map(\.name) }

    /// What the host is told of them.
    var listing: [(kind: PluginKind, name: String)] {
        var all: [(kind: PluginKind, name: String)] = []
        all += objectStores.keys.map { (.objectStore, $0) }
        all += volumeSnapshotters.keys.map { (.volumeSnapshotter, $0) }
        all += backupItemActions.map {
            ($0.value is any OperatingBackupItemAction ? .backupItemActionV2 : .backupItemAction, $0.key)
        }
        all += restoreItemActions.map {
            ($0.value is any OperatingRestoreItemAction ? .restoreItemActionV2 : .restoreItemAction, $0.key)
        }
        all += deleteItemActions.keys.map { (.deleteItemAction, $0) }
        all += itemBlockActions.keys.map { (.itemBlockAction, $0) }
        return all.sorted { ($0.kind, $0.name) < ($1.kind, $1.name) }
    }

    /// The services that a program with them serves.
    func services(_ ending: Ending) -> [any RegistrableRPCService] {
        let stores = OpenStores(providers: objectStores)
        return [
            ListerService(plugins: self), HealthService(), ControllerService(ending: ending), ExtensionsService(),
            ObjectStoreService(stores: stores), GodwitObjectStoreService(stores: stores),
            VolumeSnapshotterService(providers: volumeSnapshotters),
            BackupItemActionService(actions: backupItemActions),
            OperatingBackupItemActionService(actions: backupItemActions),
            GodwitBackupItemActionService(actions: backupItemActions),
            RestoreItemActionService(actions: restoreItemActions),
            OperatingRestoreItemActionService(actions: restoreItemActions),
            DeleteItemActionService(actions: deleteItemActions), ItemBlockActionService(actions: itemBlockActions),
        ]
    }
}
