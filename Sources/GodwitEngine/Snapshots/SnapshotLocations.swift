public import GodwitModel
public import GodwitPluginAPI

/// A named place where snapshots of volumes are taken: Velero's VolumeSnapshotLocation.
public struct SnapshotLocation: Sendable, Hashable {
    /// The name.
    public let name: String
    /// The name of the plugin, or one that Velero's plugin for the same storage has.
    public let provider: String
    /// What the plugin is given.
    public let configuration: [String: String]

    /// A location.
    public init(name: String, provider: String, configuration: [String: String]) {
        self.name = name
        self.provider = provider
        self.configuration = configuration
    }
}

/// The snapshotters of a run, by the names of their locations. Each is opened once, when it is first needed; one that
/// cannot be opened is not tried again, because its configuration stays as it is.
public actor SnapshotLocations {
    /// Makes the snapshotter of a location.
    public typealias Opener = @Sendable (SnapshotLocation) async throws -> any VolumeSnapshotter

    private let locations: [String: SnapshotLocation]
    private let open: Opener
    private var opened: [String: Task<any VolumeSnapshotter, any Error>] = [:]
    /// What takes and restores snapshots of claims; nil without a cluster.
    public nonisolated let claims: (any ClaimSnapshotter)?

    /// Locations.
    ///
    /// - Parameters:
    ///   - claims: for snapshots of claims.
    ///   - open: makes the snapshotter of a location.
    public init(
        _ locations: [SnapshotLocation], claims: (any ClaimSnapshotter)? = nil, open: @escaping Opener
    ) {
        self.locations = Dictionary(locations.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
        self.claims = claims
        self.open = open
    }

    /// The snapshotter of a location, and the name of its plugin.
    ///
    /// - Throws: ``UnknownSnapshotLocationError``; the plugin's errors.
    public func snapshotter(_ name: String) async throws -> (provider: String, snapshotter: any VolumeSnapshotter) {
        guard let location = locations[name] else { throw UnknownSnapshotLocationError(name: name) }
        let task = opened[name] ?? Task { [open] in try await open(location) }
        opened[name] = task
        return (location.provider, try await task.value)
    }

    /// The locations whose snapshotters a backup asks, in this order.
    ///
    /// - Parameter names: as the user chose; those are opened at once. Empty for one location a provider, which must be
    ///   its only one, and is opened when it is asked.
    /// - Throws: ``UnknownSnapshotLocationError``, ``AmbiguousSnapshotLocationError``; the plugins' errors.
    public func chosen(_ names: [String]) async throws -> [ChosenSnapshotLocation] {
        var found: [SnapshotLocation] = []
        for name in names where !found.contains(where: { $0.name == name }) {
            guard let location = locations[name] else { throw UnknownSnapshotLocationError(name: name) }
            found.append(location)
        }
        if names.isEmpty { found = locations.values.sorted { $0.name < $1.name } }
        let byProvider = Dictionary(grouping: found, by: \.provider).sorted { $0.key < $1.key }
        if let (provider, candidates) = byProvider.first(where: { $0.value.count > 1 }) {
            throw AmbiguousSnapshotLocationError(provider: provider, candidates: candidates.map(\.name))
        }
        for name in names { _ = try await snapshotter(name) }
        return found.map { location in
            ChosenSnapshotLocation(name: location.name, provider: location.provider) { [self] in
                try await snapshotter(location.name).snapshotter
            }
        }
    }
}

/// A location of which a backup takes its snapshots.
public struct ChosenSnapshotLocation: Sendable {
    /// The location's name.
    public let name: String
    /// The name of its plugin.
    public let provider: String
    /// Opens what takes the snapshots.
    let snapshotter: @Sendable () async throws -> any VolumeSnapshotter
}

/// A snapshot location that nobody has named.
public struct UnknownSnapshotLocationError: AdvisedError, Hashable {
    /// The name.
    public let name: String

    /// An unknown name.
    public init(name: String) { self.name = name }

    /// The name.
    public var summary: String { "there is no snapshot location '\(name)'" }
    /// Nothing more is known.
    public var reason: String? { nil }
    /// What to do next.
    public var advice: String? {
        "see 'godwit snapshot-location get', or add it with 'godwit snapshot-location set \(name) PROVIDER'"
    }
}

/// A provider has several snapshot locations, and none was chosen, or several.
public struct AmbiguousSnapshotLocationError: AdvisedError, Hashable {
    /// The provider.
    public let provider: String
    /// Its locations.
    public let candidates: [String]

    /// The provider.
    public var summary: String { "'\(provider)' has several snapshot locations" }
    /// The locations.
    public var reason: String? { "they are \(candidates.joined(separator: ", "))" }
    /// What to do next.
    public var advice: String? {
        "choose one a provider with --volume-snapshot-locations, or take no snapshots with --snapshot-volumes=false"
    }
}
