import GRPCCore
import GodwitModel
public import GodwitPluginAPI
import PluginProtocol
import SwiftProtobuf

/// Makes object stores of a program's plugin from locations of the form `plugin://prefix/name/bucket/path?key=value`:
/// the plugin's name, the bucket, the prefix in it, and the plugin's own configuration.
struct ExternalObjectStoreProvider: ObjectStoreProvider {
    let plugin: ExternalPlugin
    let host: PluginHost

    var name: String { plugin.name }
    let schemes = [PluginLocation.scheme]
    let parameters = [(name: "KEY", meaning: "any key that the plugin's documentation names")]

    func open(_ location: StorageLocation) async throws -> OpenedObjectStore {
        let place = try PluginLocation(location)
        guard place.plugin == plugin.name else { throw place.error("it names plugin \(place.plugin)") }
        var configuration = location.parameters
        configuration["bucket"] = place.bucket
        configuration["prefix"] = place.path
        let initialisation = PluginInit(
            kind: PluginKind.objectStore.rawValue, plugin: plugin.name, configuration: configuration)
        let link = PluginLink(plugin, program: await host.program(at: plugin.path, for: initialisation))
            .initialised(by: initialisation) { [name] client, options in
                let request = Generated_ObjectStoreInitRequest.with {
                    $0.plugin = name
                    $0.config = initialisation.configuration
                }
                _ = try await Generated_ObjectStore.Client(wrapping: client).initialize(request, options: options)
            }
        do {
            let connection = try await link.connection()
            let store: any ObjectStore =
                connection.extensions.contains(.objectStore)
                ? try await GodwitObjectStore(link, bucket: place.bucket)
                : VeleroObjectStore(link, bucket: place.bucket)
            return OpenedObjectStore(store: store, prefix: place.path.isEmpty ? "" : place.path + "/")
        } catch let refused as RefusedCall {
            throw ObjectStoreError(
                ObjectStoreError.read(refused.status).kind ?? .invalidConfiguration, operation: "open",
                store: location.description, reason: "\(refused.error)")
        }
    }
}

/// A location that names a plugin.
public struct PluginLocation: Sendable, Hashable {
    /// The scheme of such locations.
    public static let scheme = "plugin"

    /// The plugin's name, `prefix/name`.
    public let plugin: String
    /// The bucket, or whatever the plugin takes for one.
    public let bucket: String
    /// The prefix in the bucket; may be empty.
    public let path: String
    private let location: StorageLocation

    /// Takes a location apart: `plugin://prefix/name/bucket/path`.
    ///
    /// - Throws: ``ObjectStoreError`` of kind `invalidConfiguration`.
    public init(_ location: StorageLocation) throws {
        self.location = location
        let parts = location.path.split(separator: "/", maxSplits: 2).map(String.init)
        plugin = "\(location.authority)/\(parts.first ?? "")"
        bucket = parts.count > 1 ? parts[1] : ""
        path = parts.count > 2 ? parts[2] : ""
        if let flaw = PluginName.flaw(of: plugin) { throw error("'\(plugin)' cannot be a plugin: \(flaw)") }
        guard !bucket.isEmpty else {
            throw error("write plugin://prefix/name/bucket/path, as plugin://example.com/shelf/b1")
        }
        for key in ["bucket", "prefix"] where location.parameters[key] != nil {
            throw error("'\(key)' stands in the path of the location, not in a parameter")
        }
    }

    func error(_ why: String) -> ObjectStoreError {
        ObjectStoreError(.invalidConfiguration, operation: "open", store: location.description, reason: why)
    }
}

/// Makes volume snapshotters of a program's plugin.
struct ExternalVolumeSnapshotterProvider: VolumeSnapshotterProvider {
    let plugin: ExternalPlugin
    let host: PluginHost

    var name: String { plugin.name }
    let parameters = [(name: "KEY", meaning: "any key that the plugin's documentation names")]

    func open(_ configuration: [String: String]) async throws -> any VolumeSnapshotter {
        let initialisation = PluginInit(
            kind: PluginKind.volumeSnapshotter.rawValue, plugin: plugin.name, configuration: configuration)
        let link = PluginLink(plugin, program: await host.program(at: plugin.path, for: initialisation))
            .initialised(by: initialisation) { [name] client, options in
                let request = Generated_VolumeSnapshotterInitRequest.with {
                    $0.plugin = name
                    $0.config = initialisation.configuration
                }
                _ = try await Generated_VolumeSnapshotter.Client(wrapping: client).initialize(request, options: options)
            }
        do {
            _ = try await link.connection()
        } catch let refused as RefusedCall {
            throw VolumeSnapshotError(
                VolumeSnapshotError.kind(of: refused.status) ?? .invalidConfiguration, operation: "open the storage",
                storage: "plugin \(plugin.name)", reason: "\(refused.error)")
        }
        return ExternalVolumeSnapshotter(link)
    }
}
