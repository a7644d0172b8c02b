public import GodwitPluginAPI

/// The plugins of all programs as the engine knows plugins, and what kept a program from taking part.
public struct LoadedPlugins: Sendable {
    /// Object stores, for locations of the form `plugin://prefix/name/bucket/path`.
    public var objectStores: [any ObjectStoreProvider] = []
    /// Volume snapshotters.
    public var volumeSnapshotters: [any VolumeSnapshotterProvider] = []
    /// What looks at items on their way into a backup.
    public var backupItemActions: [any BackupItemAction] = []
    /// What looks at items on their way into a cluster.
    public var restoreItemActions: [any RestoreItemAction] = []
    /// What cleans up when a backup is deleted.
    public var deleteItemActions: [any DeleteItemAction] = []
    /// What knows which items belong together.
    public var itemBlockActions: [any ItemBlockAction] = []
    /// What of these cannot be used, and why. They are not among ``failures``: backups do not use them.
    public var itemBlockActionFailures: [any Error] = []
    /// Programs and plugins that cannot be used, and why.
    public var failures: [any Error] = []

    /// No plugins.
    public init() {}
}

extension PluginHost {
    /// The plugins of the kinds that are wanted, from all programs.
    ///
    /// - Throws: ``PluginDirectoryError``, `CancellationError`. What is wrong with one program is among the failures.
    public func load(_ kinds: Set<PluginKind>) async throws -> LoadedPlugins {
        var loaded = LoadedPlugins()
        for (_, result) in try await listing() {
            switch result {
            case .failure(let error): loaded.failures.append(error)
            case .success(let plugins):
                for plugin in plugins where kinds.contains(plugin.kind) {
                    do {
                        try await add(plugin, to: &loaded)
                    } catch let error as CancellationError {
                        throw error
                    } catch  where plugin.kind == .itemBlockAction {
                        loaded.itemBlockActionFailures.append(error)
                    } catch {
                        loaded.failures.append(error)
                    }
                }
            }
        }
        return loaded
    }

    /// One plugin as the engine knows it.
    ///
    /// - Throws: ``PluginError``, `CancellationError`.
    public func add(_ plugin: ExternalPlugin, to loaded: inout LoadedPlugins) async throws {
        let link = PluginLink(plugin, program: program(at: plugin.path))
        switch plugin.kind {
        case .objectStore:
            loaded.objectStores.append(ExternalObjectStoreProvider(plugin: plugin, host: self))
        case .volumeSnapshotter:
            loaded.volumeSnapshotters.append(ExternalVolumeSnapshotterProvider(plugin: plugin, host: self))
        case .backupItemAction:
            loaded.backupItemActions.append(try await ExternalBackupItemAction(link))
        case .backupItemActionV2:
            loaded.backupItemActions.append(try await ExternalOperatingBackupItemAction(link))
        case .restoreItemAction:
            loaded.restoreItemActions.append(try await ExternalRestoreItemAction(link))
        case .restoreItemActionV2:
            loaded.restoreItemActions.append(try await ExternalOperatingRestoreItemAction(link))
        case .deleteItemAction:
            loaded.deleteItemActions.append(try await ExternalDeleteItemAction(link))
        case .itemBlockAction:
            loaded.itemBlockActions.append(try await ExternalItemBlockAction(link))
        }
    }
}
