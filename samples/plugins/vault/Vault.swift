import Foundation
import GodwitPluginSDK

/// Snapshots of hostPath volumes that stand in one directory, as copies beside them. The configuration: `root`, the
/// directory of the volumes.
@main
struct VaultPlugin {
    static func main() async {
        await PluginServer(volumeSnapshotters: [VaultProvider()]).run()
    }
}

struct VaultProvider: VolumeSnapshotterProvider {
    let name = "example.com/vault"
    let parameters = [(name: "root", meaning: "the directory whose directories are the volumes")]

    func open(_ configuration: [String: String]) async throws -> any VolumeSnapshotter {
        guard let root = configuration["root"], root.hasPrefix("/") else {
            throw VolumeSnapshotError(
                .invalidConfiguration, operation: "open the vault", storage: "vault", reason: "root is missing")
        }
        return Vault(root: root)
    }
}

struct Vault: VolumeSnapshotter {
    let root: String
    var description: String { "vault \(root)" }

    func volumeID(of persistentVolume: KubernetesObject) async throws -> String? {
        guard let path = persistentVolume[path: "spec", "hostPath", "path"]?.string, path.hasPrefix(root + "/") else {
            return nil
        }
        let id = path.dropFirst(root.count + 1)
        return id.isEmpty || id.contains("/") ? nil : String(id)
    }

    func setVolumeID(_ id: String, of persistentVolume: KubernetesObject) async throws -> KubernetesObject {
        var volume = persistentVolume
        guard volume[path: "spec", "hostPath"] != nil else {
            throw VolumeSnapshotError(
                .invalidConfiguration, operation: "give volume '\(id)' to '\(volume.name)'", storage: description,
                reason: "it is no hostPath volume")
        }
        volume[path: "spec", "hostPath", "path"] = .string(try path(volume: id, "use volume"))
        return volume
    }

    func volumeInfo(_ id: String, zone: String?) async throws -> VolumeInfo {
        _ = try existing(try path(volume: id, "look at volume"), "look at volume '\(id)'")
        return VolumeInfo(type: "directory")
    }

    func createSnapshot(of volumeID: String, zone: String?, tags: [String: String]) async throws -> String {
        let operation = "snapshot volume '\(volumeID)'"
        let source = try existing(try path(volume: volumeID, operation), operation)
        let id = "snapshot-\(UUID().uuidString.lowercased())"
        try copy(source, to: "\(root)/.snapshots/\(id)", operation)
        return id
    }

    func createVolume(from snapshotID: String, like info: VolumeInfo, zone: String?) async throws -> String {
        let operation = "make a volume of snapshot '\(snapshotID)'"
        let source = try existing(try path(snapshot: snapshotID, operation), operation)
        let id = "volume-\(UUID().uuidString.lowercased())"
        try copy(source, to: "\(root)/\(id)", operation)
        return id
    }

    func deleteSnapshot(_ id: String) async throws {
        let path = try path(snapshot: id, "delete snapshot '\(id)'")
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    }

    private func path(volume id: String, _ operation: String) throws -> String { try path(id, in: root, operation) }

    private func path(snapshot id: String, _ operation: String) throws -> String {
        try path(id, in: root + "/.snapshots", operation)
    }

    /// An id comes from a backup, and must not lead out of the vault.
    private func path(_ id: String, in folder: String, _ operation: String) throws -> String {
        let isPlain = id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        guard !id.isEmpty, isPlain else {
            throw VolumeSnapshotError(.notFound, operation: operation, storage: description, reason: "'\(id)' is no id")
        }
        return "\(folder)/\(id)"
    }

    private func existing(_ path: String, _ operation: String) throws -> String {
        guard FileManager.default.fileExists(atPath: path) else {
            throw VolumeSnapshotError(.notFound, operation: operation, storage: description)
        }
        return path
    }

    /// Copies to another name first: a copy that was cut off is no snapshot.
    private func copy(_ source: String, to target: String, _ operation: String) throws {
        let unfinished = target + ".unfinished"
        do {
            try FileManager.default.createDirectory(
                atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: source, toPath: unfinished)
            try FileManager.default.moveItem(atPath: unfinished, toPath: target)
        } catch {
            try? FileManager.default.removeItem(atPath: unfinished)
            throw VolumeSnapshotError(
                .other(code: "copy"), operation: operation, storage: description, reason: error.localizedDescription)
        }
    }
}
