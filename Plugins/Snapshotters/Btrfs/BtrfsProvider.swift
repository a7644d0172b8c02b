import Foundation
import Glibc
import GodwitModel
public import GodwitPluginAPI
import Streams

/// Makes snapshotters of btrfs file systems.
public struct BtrfsProvider: VolumeSnapshotterProvider {
    /// `godwit.io/btrfs`
    public let name = "godwit.io/btrfs"
    /// What a configuration may hold.
    public let parameters = [
        (name: "directory", meaning: "where snapshots are kept: a directory of the volumes' file system"),
        (name: "node", meaning: "the name of this machine as a node of the cluster (default: its host name)"),
        (name: "volumes", meaning: "where restored volumes are made (default: beside the original)"),
        (name: "host-path", meaning: "true also takes hostPath volumes that name no node: for clusters of one node"),
    ]

    /// The provider.
    public init() {}

    /// Makes a snapshotter. The directory must be on btrfs.
    public func open(_ configuration: [String: String]) async throws -> any VolumeSnapshotter {
        for key in configuration.keys.sorted() where !parameters.contains(where: { $0.name == key }) {
            throw Self.fault(key, "there is no such setting")
        }
        guard let directory = configuration["directory"], directory.hasPrefix("/") else {
            throw Self.fault("directory", "it must be an absolute path")
        }
        let volumes = configuration["volumes"].flatMap { $0.isEmpty ? nil : $0 }
        if let volumes, !volumes.hasPrefix("/") { throw Self.fault("volumes", "it must be an absolute path") }
        let takesAnyHostPath: Bool
        switch configuration["host-path"] ?? "false" {
        case "true": takesAnyHostPath = true
        case "false", "": takesAnyHostPath = false
        case let value: throw Self.fault("host-path", "'\(value)' is neither true nor false")
        }
        let node = configuration["node"].flatMap { $0.isEmpty ? nil : $0 } ?? Self.hostName
        do {
            return try await BlockingPool.shared.run {
                try BtrfsSnapshotter(
                    directory: directory, node: node, volumes: volumes, takesAnyHostPath: takesAnyHostPath)
            }
        } catch let error as BtrfsError {
            let reason = error.code == ENOTTY ? "'\(directory)' is not on btrfs" : error.description
            throw Self.fault("directory", reason)
        }
    }

    private static func fault(_ key: String, _ reason: String) -> VolumeSnapshotError {
        VolumeSnapshotError(
            .invalidConfiguration, operation: "use the setting '\(key)'", storage: "btrfs", reason: reason)
    }

    /// Without asking a name server.
    private static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
