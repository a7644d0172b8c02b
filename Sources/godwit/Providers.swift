import AzureObjectStore
import BackupActions
import BtrfsSnapshotter
import CSISnapshotter
import ClaimMapping
import EBSSnapshotter
import FilesystemObjectStore
import GCSObjectStore
import GodwitEngine
import GodwitModel
import GodwitPluginAPI
import KubeVirt
import NamespaceMapping
import PluginHost
import ReclaimPolicy
import RestoreFixes
import S3ObjectStore
import StorageClassMapping

/// The plugins that are built in. This is the only place that knows them all.
enum Providers {
    /// What makes object stores.
    static let objectStores: [any ObjectStoreProvider] = [
        FilesystemProvider(), S3Provider(userAgent: Version.userAgent), AzureProvider(userAgent: Version.userAgent),
        GCSProvider(userAgent: Version.userAgent),
    ]

    /// What makes snapshotters.
    static let snapshotters: [any VolumeSnapshotterProvider] = [
        EBSProvider(userAgent: Version.userAgent), BtrfsProvider(),
    ]

    /// What Velero calls a plugin for the same storage.
    private static let velerosNames = ["velero.io/aws": "godwit.io/ebs"]

    /// The provider of snapshotters of a name. Godwit's own names are those of what is built in. One of Velero's names
    /// is that of the program which has it, as `velero-plugin-for-aws`; without one, what is built in for the same
    /// storage stands in.
    static func snapshotter(
        named name: String, _ places: PluginPlaces
    ) async throws -> any VolumeSnapshotterProvider {
        if let provider = snapshotters.first(where: { $0.name == name }) { return provider }
        let loaded = try await ExternalPlugins.load([.volumeSnapshotter], places)
        let full = velerosName(name)
        if let provider = loaded.volumeSnapshotters.first(where: { $0.name == full }) { return provider }
        // Which of the two takes the snapshots does not hang on whether a program happens to start.
        guard loaded.failures.isEmpty else {
            throw UnusableProgramsError(summary: "snapshotter '\(name)' was not found", failures: loaded.failures)
        }
        if let provider = standIn(for: full) { return provider }
        throw UnknownSnapshotterError(
            name: name, known: snapshotters.map(\.name) + loaded.volumeSnapshotters.map(\.name))
    }

    /// What is built in for the storage of a plugin of Velero's.
    static func standIn(for name: String) -> (any VolumeSnapshotterProvider)? {
        guard let own = velerosNames[velerosName(name)] else { return nil }
        return snapshotters.first { $0.name == own }
    }

    /// The one name of what takes snapshots of a storage, whoever does: a snapshot of EBS can be restored and deleted by
    /// what is built in, and by Velero's plugin.
    static func storageName(ofSnapshotter name: String) -> String { standIn(for: name)?.name ?? name }

    /// What Velero calls a plugin for the storage of a built-in one.
    static func velerosNames(of name: String) -> [String] { velerosNames.filter { $0.value == name }.keys.sorted() }

    /// A name without a prefix has Velero's.
    private static func velerosName(_ name: String) -> String { name.contains("/") ? name : "velero.io/\(name)" }

    /// Makes the snapshotter of a location.
    static func open(_ location: SnapshotLocation, _ places: PluginPlaces) async throws -> any VolumeSnapshotter {
        try await snapshotter(named: location.provider, places).open(location.configuration)
    }

    /// What takes snapshots of claims in a cluster.
    static func claimSnapshotter(_ cluster: any ClusterAccess) -> any ClaimSnapshotter {
        CSISnapshotter(cluster: cluster)
    }

    /// Makes the store of a location.
    static func open(_ location: StorageLocation, _ global: GlobalOptions) async throws -> OpenedObjectStore {
        if location.scheme == PluginLocation.scheme {
            return try await ExternalPlugins.objectStore(for: location, global).open(location)
        }
        guard let provider = objectStores.first(where: { $0.schemes.contains(location.scheme) }) else {
            throw UnknownProviderError(
                scheme: location.scheme, known: objectStores.flatMap(\.schemes) + [PluginLocation.scheme])
        }
        return try await provider.open(location)
    }

    /// A plugin in a listing.
    struct Plugin {
        let name: String
        let kind: String
        var purpose: String
        /// The program's path; nil for a built-in module.
        var program: String?
    }

    /// What looks at items on their way into a backup.
    static var backupItemActions: [any BackupItemAction] { BackupActions.all { [] } + KubeVirt.backupActions() }

    /// What looks at items on their way into a cluster, without any settings.
    static var restoreItemActions: [any RestoreItemAction] {
        let transformers: [any RestoreItemAction] = [
            NamespaceMapping(mapping: [:]), ClaimMapping(mapping: [:]), StorageClassMapping(mapping: [:]),
            ReclaimPolicy(.restoreOriginal),
        ]
        return platformFixes + RestoreFixes.all() + transformers + listedTransformers
    }

    /// The plugins that are built in.
    static var plugins: [Plugin] {
        let stores = objectStores.map { provider in
            Plugin(
                name: provider.name, kind: "ObjectStore",
                purpose: provider.schemes.map { "\($0)://" }.joined(separator: ", "))
        }
        let backup = backupItemActions.map { action in
            Plugin(name: action.name, kind: "BackupItemAction", purpose: purpose(action.appliesTo))
        }
        let restore = restoreItemActions.map { action in
            Plugin(name: action.name, kind: "RestoreItemAction", purpose: purpose(action.appliesTo))
        }
        let takers =
            snapshotters.map { provider in
                Plugin(
                    name: provider.name, kind: "VolumeSnapshotter",
                    purpose: provider.parameters.map(\.name).joined(separator: ", "))
            } + [Plugin(name: "godwit.io/csi", kind: "VolumeSnapshotter", purpose: "claims of CSI drivers")]
        return stores + takers + backup + restore + configuredTransformers
    }

    private static func purpose(_ selector: ResourceSelector) -> String {
        selector.includedResources.isEmpty ? "everything" : selector.includedResources.joined(separator: ", ")
    }
}

/// A snapshotter that no plugin is.
struct UnknownSnapshotterError: AdvisedError, UsageError {
    let name: String
    let known: [String]
    var summary: String { "no plugin '\(name)' takes snapshots of volumes" }
    var reason: String? { nil }
    var advice: String? { "use one of \(known.joined(separator: ", ")); see 'godwit plugin get'" }
}

/// A scheme that no plugin serves.
struct UnknownProviderError: AdvisedError, UsageError {
    let scheme: String
    let known: [String]
    var summary: String { "no plugin serves \(scheme)://" }
    var reason: String? { nil }
    var advice: String? { "use one of \(known.map { "\($0)://" }.joined(separator: ", ")); see 'godwit plugin get'" }
}
