import ArgumentParser
import GodwitEngine
import GodwitModel
import GodwitPluginAPI
import KubernetesClient

extension SnapshotLocations {
    /// The locations of the configuration, and the cluster of the options for snapshots of claims.
    ///
    /// - Parameter cluster: nil where there is none to ask, as a directory of manifests takes no snapshots.
    static func configured(_ global: GlobalOptions, cluster: ClusterOptions?) throws -> SnapshotLocations {
        let book = try LocationBook(contentsOf: global.configurationPath)
        var claims: (any ClaimSnapshotter)?
        if let cluster, cluster.directory == nil {
            claims = Providers.claimSnapshotter(
                ClusterObjects(description: "the cluster") { try cluster.open() })
        }
        let places = PluginPlaces(global)
        let providers = Dictionary(
            book.snapshotLocations.map { ($0.name, $0.provider) }, uniquingKeysWith: { _, last in last })
        // A backup remembers the storage of its snapshots by one name, whoever took them.
        let locations = book.snapshotLocations.map { location in
            SnapshotLocation(
                name: location.name, provider: Providers.storageName(ofSnapshotter: location.provider),
                configuration: location.configuration)
        }
        return SnapshotLocations(locations, claims: claims) { location in
            let provider = providers[location.name] ?? location.provider
            return try await Providers.snapshotter(named: provider, places).open(location.configuration)
        }
    }
}

extension UnknownSnapshotLocationError: UsageError {}
extension AmbiguousSnapshotLocationError: UsageError {}

/// Which snapshots of volumes a backup takes.
struct VolumeSnapshotOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take snapshots of volumes whose files are not backed up (default: where a snapshotter knows the volume).",
            valueName: "true|false"))
    var snapshotVolumes: Bool?

    @Option(
        help: ArgumentHelp(
            "The snapshot locations to use, one a provider (default: the only one of each).", valueName: "names"))
    var volumeSnapshotLocations: [CommaSeparated] = []

    @Option(
        help: ArgumentHelp(
            "Move the data of snapshots into the repository where it can be read here, and delete them; of CSI snapshots with --kubelet-root.",
            valueName: "true|false"))
    var snapshotMoveData = false

    @Option(help: ArgumentHelp("How long a CSI snapshot may take (default: 10m).", valueName: "time"))
    var csiSnapshotTimeout: String?

    func validate() throws {
        if snapshotVolumes == false, let option = chosen.first(where: { $0 != "--snapshot-volumes" }) {
            throw ValidationError("\(option) makes no sense with --snapshot-volumes false")
        }
        _ = try timeout()
    }

    /// The options that ask for snapshots.
    var chosen: [String] {
        var options: [String] = []
        if snapshotVolumes == true { options.append("--snapshot-volumes") }
        if !volumeSnapshotLocations.isEmpty { options.append("--volume-snapshot-locations") }
        if snapshotMoveData { options.append("--snapshot-move-data") }
        return options
    }

    /// The option that moves data.
    var moving: String? { snapshotMoveData ? "--snapshot-move-data" : nil }

    /// How long a snapshot may take; nil for the usual.
    func timeout() throws -> Duration? {
        guard let csiSnapshotTimeout else { return nil }
        guard let duration = GoDuration.parse(csiSnapshotTimeout), duration > .zero else {
            throw ValidationError("--csi-snapshot-timeout is a time such as 10m0s or 90s")
        }
        return duration
    }

    /// Writes down what was asked for.
    func write(to spec: inout BackupSpec) throws {
        spec.snapshotVolumes = snapshotVolumes
        spec.snapshotMoveData = snapshotMoveData ? true : nil
        spec.volumeSnapshotLocations = volumeSnapshotLocations.joined
        spec.csiSnapshotTimeout = try timeout()
    }

    /// The settings as the engine takes them.
    func settings(_ cluster: ClusterOptions, _ global: GlobalOptions) async throws -> VolumeSnapshotSettings {
        guard cluster.directory == nil else {
            if let option = chosen.first {
                throw ValidationError("\(option): a directory of manifests has no volumes to take snapshots of")
            }
            return VolumeSnapshotSettings(locations: [])
        }
        let locations = try SnapshotLocations.configured(global, cluster: cluster)
        // A volume policy may want a snapshot all the same.
        let isAmbiguityHarmless = snapshotVolumes == false
        let chosen: [ChosenSnapshotLocation]
        do {
            chosen = try await locations.chosen(volumeSnapshotLocations.joined)
        } catch is AmbiguousSnapshotLocationError where isAmbiguityHarmless {
            chosen = []
        }
        var settings = VolumeSnapshotSettings(locations: chosen, claims: locations.claims)
        settings.wanted = snapshotVolumes
        settings.movesData = snapshotMoveData
        if let timeout = try timeout() { settings.timeout = timeout }
        return settings
    }
}
