import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import KubernetesClient
import Streams
import VolumeRepository

@testable import GodwitEngine

/// Claims whose volumes a storage in memory keeps, and a store for their backups.
struct SnapshotSite {
    let store: MemoryObjectStore
    let storage: MemorySnapshotter
    let source = SourceFake(SourceFake.standardResources)
    var rules = VolumeBackupRules()
    var wanted: Bool?
    var format = BackupFormat.godwit
    /// Takes the snapshots instead of the storage.
    var claims: (any ClaimSnapshotter)?
    /// Stands between the backup and the storage; nil for nothing.
    var inspected: InspectedStorage?
    /// Opens a location instead of the storage.
    var opener: SnapshotLocations.Opener?
    /// Where snapshots are taken instead; nil for the one location.
    var others: SnapshotLocations?
    /// Reads the files of snapshots; nil for nobody.
    var mover: (any VolumeDataMover)?

    init(_ storage: MemorySnapshotter = MemorySnapshotter(), store: MemoryObjectStore = MemoryObjectStore()) {
        self.storage = storage
        self.store = store
        source.add("namespaces", nil, "shop")
    }

    /// Adds a bound claim, and gives the id of its volume.
    @discardableResult
    func add(_ name: String, holding text: String = "text", labels: [String: String] = [:]) -> String {
        let id = storage.makeVolume(holding: text)
        let volume = MemorySnapshotter.persistentVolume(id, claim: ClaimName(namespace: "shop", name: name))
        source.add("persistentvolumes", nil, volume.name, labels: labels, ["spec": volume["spec"] ?? [:]])
        source.add(
            "persistentvolumeclaims", "shop", name,
            ["spec": ["volumeName": .string(volume.name)], "status": ["phase": "Bound"]])
        return id
    }

    func locations(
        _ names: [String] = ["main"], provider: String = "example.com/memory"
    ) -> SnapshotLocations {
        SnapshotLocations(
            names.map { SnapshotLocation(name: $0, provider: provider, configuration: [:]) }
        ) { [storage, inspected, opener] location in
            if let opener { return try await opener(location) }
            return inspected ?? storage
        }
    }

    func prepared(_ name: String = "b", namespaced: Bool = false) async throws -> PreparedBackup {
        var backup = Backup(name: name, labels: ["team": "shop"])
        if namespaced { backup.spec.filter.includeClusterResources = false }
        var request = BackupRequest(backup: backup, cluster: source, actions: [ClaimAction()])
        request.format = format
        let mover = LocalVolumeMover(places: VolumePlaces(node: "here"), host: "here", version: "test") { _ in
            throw VolumeDataError("there is no repository in this test")
        }
        request.volumes = VolumeBackupSettings(mover: self.mover ?? mover, rules: rules)
        let chosen = claims == nil ? try await (others ?? locations()).chosen([]) : []
        var settings = VolumeSnapshotSettings(locations: chosen, claims: claims)
        settings.wanted = wanted
        settings.movesData = self.mover != nil
        request.volumes?.snapshots = settings
        return try await BackupPlanner(request).prepare()
    }

    func backUp(
        _ name: String = "b", namespaced: Bool = false, to other: (any ObjectStore)? = nil,
        observer: @escaping RunObserver = { _ in }
    ) async throws -> BackupReport {
        try await BackupRunner(catalog: BackupCatalog(store: other ?? store)).run(
            try await prepared(name, namespaced: namespaced), observer: observer)
    }

    func records(of name: String = "b") async throws -> [VolumeRecord] {
        let catalog = BackupCatalog(store: store)
        return try await catalog.volumes(of: try await catalog.backup(named: name))
    }

    func delete(
        _ locations: SnapshotLocations?, backup: String = "b", ignoringFailures: Bool = false
    ) async throws -> DeletionReport {
        try await BackupDeleter(catalog: BackupCatalog(store: store), snapshots: locations)
            .delete(backup: backup, ignoringFailures: ignoringFailures)
    }
}
