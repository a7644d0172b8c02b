import Foundation
import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol
import Synchronization

/// Velero's service on top of ``VolumeSnapshotter``.
final class VolumeSnapshotterService: Generated_VolumeSnapshotter.SimpleServiceProtocol {
    private let providers: [String: any VolumeSnapshotterProvider]
    private let opened = Mutex<[String: any VolumeSnapshotter]>([:])

    init(providers: [String: any VolumeSnapshotterProvider]) { self.providers = providers }

    private func snapshotter(_ name: String) throws -> any VolumeSnapshotter {
        guard let snapshotter = opened.withLock({ $0[name] }) else {
            throw RPCError(code: .failedPrecondition, message: "'\(name)' was not initialised")
        }
        return snapshotter
    }

    func initialize(
        request: Generated_VolumeSnapshotterInitRequest, context: ServerContext
    ) async throws -> Generated_Empty {
        try await serving(context) { [self] in
            let snapshotter = try await plugin(request.plugin, in: providers).open(request.config)
            opened.withLock { $0[request.plugin] = snapshotter }
            return Generated_Empty()
        }
    }

    func createVolumeFromSnapshot(
        request: Generated_CreateVolumeRequest, context: ServerContext
    ) async throws -> Generated_CreateVolumeResponse {
        try await serving(context) { [self] in
            var response = Generated_CreateVolumeResponse()
            response.volumeID = try await snapshotter(request.plugin).createVolume(
                from: request.snapshotID,
                like: VolumeInfo(type: request.volumeType, iops: request.iops > 0 ? request.iops : nil),
                zone: request.volumeAz.isEmpty ? nil : request.volumeAz)
            return response
        }
    }

    func getVolumeInfo(
        request: Generated_GetVolumeInfoRequest, context: ServerContext
    ) async throws -> Generated_GetVolumeInfoResponse {
        try await serving(context) { [self] in
            let info = try await snapshotter(request.plugin).volumeInfo(
                request.volumeID, zone: request.volumeAz.isEmpty ? nil : request.volumeAz)
            var response = Generated_GetVolumeInfoResponse()
            response.volumeType = info.type
            response.iops = info.iops ?? 0
            return response
        }
    }

    func createSnapshot(
        request: Generated_CreateSnapshotRequest, context: ServerContext
    ) async throws -> Generated_CreateSnapshotResponse {
        try await serving(context) { [self] in
            var response = Generated_CreateSnapshotResponse()
            response.snapshotID = try await snapshotter(request.plugin).createSnapshot(
                of: request.volumeID, zone: request.volumeAz.isEmpty ? nil : request.volumeAz, tags: request.tags)
            return response
        }
    }

    func deleteSnapshot(
        request: Generated_DeleteSnapshotRequest, context: ServerContext
    ) async throws -> Generated_Empty {
        try await serving(context) { [self] in
            try await snapshotter(request.plugin).deleteSnapshot(request.snapshotID)
            return Generated_Empty()
        }
    }

    func getVolumeID(
        request: Generated_GetVolumeIDRequest, context: ServerContext
    ) async throws -> Generated_GetVolumeIDResponse {
        try await serving(context) { [self] in
            var response = Generated_GetVolumeIDResponse()
            response.volumeID =
                try await snapshotter(request.plugin).volumeID(of: item(request.persistentVolume)) ?? ""
            return response
        }
    }

    func setVolumeID(
        request: Generated_SetVolumeIDRequest, context: ServerContext
    ) async throws -> Generated_SetVolumeIDResponse {
        try await serving(context) { [self] in
            let changed = try await snapshotter(request.plugin).setVolumeID(
                request.volumeID, of: item(request.persistentVolume))
            var response = Generated_SetVolumeIDResponse()
            response.persistentVolume = Data(changed.serialized())
            return response
        }
    }
}
