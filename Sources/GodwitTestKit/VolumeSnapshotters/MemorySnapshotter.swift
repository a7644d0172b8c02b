public import GodwitModel
public import GodwitPluginAPI
import Synchronization

/// Volumes and snapshots in memory, for tests of what uses a snapshotter. It keeps all promises of the protocol.
///
/// A PersistentVolume of it has `csi.driver` `memory.example.com`; what a volume holds is a text.
public final class MemorySnapshotter: VolumeSnapshotter {
    private struct State {
        var volumes: [String: (content: String, info: VolumeInfo)] = [:]
        var snapshots: [String: (volume: String, content: String, tags: [String: String])] = [:]
        var count = 0
    }

    private static let driver = "memory.example.com"
    private let state = Mutex(State())
    private let delay: Duration
    private let fault: @Sendable (_ method: String) -> VolumeSnapshotError.Kind?

    /// An empty storage.
    ///
    /// - Parameters:
    ///   - delay: how long a snapshot takes.
    ///   - fault: decides for each call of a method, by its base name, whether it fails.
    public init(
        delay: Duration = .zero,
        fault: @escaping @Sendable (_ method: String) -> VolumeSnapshotError.Kind? = { _ in nil }
    ) {
        self.delay = delay
        self.fault = fault
    }

    /// `memory`
    public let description = "memory"

    /// What a volume holds.
    public subscript(volume id: String) -> String? {
        get { state.withLock { $0.volumes[id]?.content } }
        set {
            state.withLock { state in
                state.volumes[id] = newValue.map { ($0, state.volumes[id]?.info ?? VolumeInfo(type: "text")) }
            }
        }
    }

    /// The ids of all volumes.
    public var volumes: Set<String> { state.withLock { Set($0.volumes.keys) } }

    /// The ids of all snapshots, with the volume of each.
    public var snapshots: [String: String] { state.withLock { $0.snapshots.mapValues(\.volume) } }

    /// The tags of a snapshot.
    public func tags(of snapshot: String) -> [String: String] { state.withLock { $0.snapshots[snapshot]?.tags ?? [:] } }

    /// A new volume.
    public func makeVolume(holding text: String = "") -> String {
        state.withLock { state in
            state.count += 1
            let id = "volume-\(state.count)"
            state.volumes[id] = (text, VolumeInfo(type: "text", iops: 7))
            return id
        }
    }

    /// A PersistentVolume of a volume, bound to a claim.
    public static func persistentVolume(_ id: String, claim: ClaimName) -> KubernetesObject {
        KubernetesObject([
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": ["name": .string("pv-\(id)")],
            "spec": [
                "csi": ["driver": .string(driver), "volumeHandle": .string(id)],
                "persistentVolumeReclaimPolicy": "Delete",
                "claimRef": ["namespace": .string(claim.namespace), "name": .string(claim.name)],
            ],
        ])
    }

    /// The volume behind a PersistentVolume.
    public func volumeID(of persistentVolume: KubernetesObject) async throws -> String? {
        try check("volumeID")
        guard persistentVolume[path: "spec", "csi", "driver"]?.string == Self.driver else { return nil }
        return persistentVolume[path: "spec", "csi", "volumeHandle"]?.string
    }

    /// Puts another volume behind a PersistentVolume.
    public func setVolumeID(_ id: String, of persistentVolume: KubernetesObject) async throws -> KubernetesObject {
        try check("setVolumeID")
        guard persistentVolume[path: "spec", "csi", "driver"]?.string == Self.driver else {
            throw error(.invalidConfiguration, "put a volume behind '\(persistentVolume.name)'")
        }
        var changed = persistentVolume
        changed[path: "spec", "csi", "volumeHandle"] = .string(id)
        return changed
    }

    /// The properties of a volume.
    public func volumeInfo(_ id: String, zone: String?) async throws -> VolumeInfo {
        try check("volumeInfo")
        guard let volume = state.withLock({ $0.volumes[id] }) else { throw error(.notFound, "look at '\(id)'") }
        return volume.info
    }

    /// Takes a snapshot.
    public func createSnapshot(of volumeID: String, zone: String?, tags: [String: String]) async throws -> String {
        try check("createSnapshot")
        let id: String? = state.withLock { state in
            guard let volume = state.volumes[volumeID] else { return nil }
            state.count += 1
            state.snapshots["snapshot-\(state.count)"] = (volumeID, volume.content, tags)
            return "snapshot-\(state.count)"
        }
        guard let id else { throw error(.notFound, "snapshot '\(volumeID)'") }
        do {
            if delay > .zero { try await Task.sleep(for: delay) }
            try Task.checkCancellation()
            return id
        } catch {
            state.withLock { $0.snapshots[id] = nil }
            throw error
        }
    }

    /// Makes a volume of a snapshot.
    public func createVolume(from snapshotID: String, like info: VolumeInfo, zone: String?) async throws -> String {
        try check("createVolume")
        let id: String? = state.withLock { state in
            guard let snapshot = state.snapshots[snapshotID] else { return nil }
            state.count += 1
            state.volumes["volume-\(state.count)"] = (snapshot.content, info)
            return "volume-\(state.count)"
        }
        guard let id else { throw error(.notFound, "make a volume of '\(snapshotID)'") }
        return id
    }

    /// Deletes a snapshot.
    public func deleteSnapshot(_ id: String) async throws {
        try check("deleteSnapshot")
        state.withLock { $0.snapshots[id] = nil }
    }

    private func check(_ method: String) throws {
        if let kind = fault(method) { throw error(kind, method) }
    }

    private func error(_ kind: VolumeSnapshotError.Kind, _ operation: String) -> VolumeSnapshotError {
        VolumeSnapshotError(kind, operation: operation, storage: description)
    }
}
