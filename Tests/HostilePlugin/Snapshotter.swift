import Foundation
import GRPCCore
import PluginProtocol
import Synchronization

/// A snapshotter that takes its time. Its snapshots and volumes are files in a directory, and what has been asked for is
/// made, whether somebody waits for the answer or not. A slow one says that it was asked with a file `ROOT.asked`, and
/// goes on when there is a file `ROOT.go`.
struct Snapshotter: Generated_VolumeSnapshotter.SimpleServiceProtocol {
    private static let root = Mutex("")

    private func make(_ name: String) async throws -> String {
        let id = "\(name)-\(UUID().uuidString)"
        let root = Self.root.withLock { $0 }
        await Task.detached {
            if Behaviour.is("slow-snapshots") {
                _ = FileManager.default.createFile(atPath: root + ".asked", contents: nil)
                while !FileManager.default.fileExists(atPath: root + ".go") {
                    try? await Task.sleep(for: .milliseconds(10))
                }
            }
            _ = FileManager.default.createFile(atPath: "\(root)/\(id)", contents: nil)
            if Behaviour.is("hanging-snapshots") { try? await Task.sleep(for: .seconds(1000)) }
        }.value
        return id
    }

    func initialize(
        request: Generated_VolumeSnapshotterInitRequest, context: ServerContext
    ) async throws -> Generated_Empty {
        Self.root.withLock { $0 = request.config["root"] ?? "" }
        return Generated_Empty()
    }

    func createVolumeFromSnapshot(
        request: Generated_CreateVolumeRequest, context: ServerContext
    ) async throws -> Generated_CreateVolumeResponse {
        let id = try await make("volume")
        var response = Generated_CreateVolumeResponse()
        response.volumeID = id
        return response
    }

    func getVolumeInfo(
        request: Generated_GetVolumeInfoRequest, context: ServerContext
    ) async throws -> Generated_GetVolumeInfoResponse { Generated_GetVolumeInfoResponse() }

    func createSnapshot(
        request: Generated_CreateSnapshotRequest, context: ServerContext
    ) async throws -> Generated_CreateSnapshotResponse {
        let id = try await make("snapshot")
        var response = Generated_CreateSnapshotResponse()
        response.snapshotID = id
        return response
    }

    func deleteSnapshot(
        request: Generated_DeleteSnapshotRequest, context: ServerContext
    ) async throws -> Generated_Empty {
        if Behaviour.is("slow-snapshots") { unlink("\(Self.root.withLock { $0 })/\(request.snapshotID)") }
        return Generated_Empty()
    }

    func getVolumeID(
        request: Generated_GetVolumeIDRequest, context: ServerContext
    ) async throws -> Generated_GetVolumeIDResponse { Generated_GetVolumeIDResponse() }

    func setVolumeID(
        request: Generated_SetVolumeIDRequest, context: ServerContext
    ) async throws -> Generated_SetVolumeIDResponse { Generated_SetVolumeIDResponse() }
}
