import Foundation
import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol

/// A volume snapshotter in a program.
struct ExternalVolumeSnapshotter: VolumeSnapshotter {
    let description: String
    private let link: PluginLink

    init(_ link: PluginLink) {
        self.link = link
        description = "plugin \(link.name)"
    }

    /// - Parameter remains: what a call without an answer may have made all the same.
    private func during<Answer: Sendable>(
        _ operation: String, remains: String? = nil,
        _ body:
            @escaping @Sendable (Generated_VolumeSnapshotter.Client<PluginTransport>, CallOptions) async throws ->
            Answer
    ) async throws -> Answer {
        do {
            return try await link.call(operation) { client, options in
                try await body(Generated_VolumeSnapshotter.Client(wrapping: client), options)
            }
        } catch {
            throw failure(error, operation, remains: remains)
        }
    }

    private func failure(_ error: any Error, _ operation: String, remains: String? = nil) -> any Error {
        switch error {
        case is CancellationError: return error
        case let refused as RefusedCall:
            return VolumeSnapshotError(
                VolumeSnapshotError.kind(of: refused.status) ?? .other(code: refused.status.code.description),
                operation: operation, storage: description, reason: refused.error.cause)
        case let failure as PluginError:
            let kind: VolumeSnapshotError.Kind =
                switch failure.failure {
                case .died, .timedOut, .unreachable: .connection
                case .notRunnable, .notStarted: .invalidConfiguration
                default: .other(code: "plugin")
                }
            let hasNoAnswer =
                switch failure.failure {
                case .died, .timedOut, .unreachable: true
                default: false
                }
            let reason = ["\(failure)", hasNoAnswer ? remains : nil].compactMap(\.self).joined(separator: "; ")
            return VolumeSnapshotError(kind, operation: operation, storage: description, reason: reason)
        default:
            return VolumeSnapshotError(
                .other(code: "plugin"), operation: operation, storage: description, reason: "\(error)")
        }
    }

    /// An id in an answer, checked.
    private func checked(_ id: String, _ operation: String) throws -> String {
        guard !id.isEmpty, id.utf8.count <= 4096 else {
            throw failure(link.badAnswer(operation, "it gives no usable id"), operation)
        }
        return id
    }

    func volumeID(of persistentVolume: KubernetesObject) async throws -> String? {
        let id = try await during("tell the volume of '\(persistentVolume.name)'") {
            [name = link.name] client, options in
            var request = Generated_GetVolumeIDRequest()
            request.plugin = name
            request.persistentVolume = Data(persistentVolume.serialized())
            return try await client.getVolumeID(request, options: options).volumeID
        }
        return id.isEmpty ? nil : id
    }

    func setVolumeID(_ id: String, of persistentVolume: KubernetesObject) async throws -> KubernetesObject {
        let operation = "put volume '\(id)' behind '\(persistentVolume.name)'"
        let bytes = try await during(operation) { [name = link.name] client, options in
            var request = Generated_SetVolumeIDRequest()
            request.plugin = name
            request.persistentVolume = Data(persistentVolume.serialized())
            request.volumeID = id
            return try await client.setVolumeID(request, options: options).persistentVolume
        }
        do {
            let object = try link.object(bytes, operation)
            guard object.kind == persistentVolume.kind, object.name == persistentVolume.name else {
                throw link.badAnswer(operation, "it gives back another object")
            }
            return object
        } catch {
            throw failure(error, operation)
        }
    }

    func volumeInfo(_ id: String, zone: String?) async throws -> VolumeInfo {
        let answer = try await during("look at volume '\(id)'") { [name = link.name] client, options in
            var request = Generated_GetVolumeInfoRequest()
            request.plugin = name
            request.volumeID = id
            request.volumeAz = zone ?? ""
            return try await client.getVolumeInfo(request, options: options)
        }
        return VolumeInfo(type: answer.volumeType, iops: answer.iops > 0 ? answer.iops : nil)
    }

    /// Takes a snapshot. The answer of a call that was sent is waited for, also in a cancelled task: nobody else knows the
    /// id of what the plugin has made by then.
    func createSnapshot(of volumeID: String, zone: String?, tags: [String: String]) async throws -> String {
        try Task.checkCancellation()
        let operation = "snapshot volume '\(volumeID)'"
        let marks = tags.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
        let remains = "the snapshot may have been taken all the same; look in the storage for the tags \(marks)"
        let id = try await Task {
            try await during(operation, remains: remains) { [name = link.name] client, options in
                var request = Generated_CreateSnapshotRequest()
                request.plugin = name
                request.volumeID = volumeID
                request.volumeAz = zone ?? ""
                request.tags = tags
                return try await client.createSnapshot(request, options: options).snapshotID
            }
        }.value
        let snapshot = try checked(id, operation)
        guard Task.isCancelled else { return snapshot }
        do {
            try await Task { try await deleteSnapshot(snapshot) }.value
        } catch {
            throw VolumeSnapshotError(
                .other(code: "interrupted"), operation: operation, storage: description,
                reason: "snapshot '\(snapshot)' was taken and stays behind: \(error)")
        }
        throw CancellationError()
    }

    /// Makes a volume; its answer is waited for as that of a snapshot. A plugin deletes no volumes, so one that nobody wants
    /// any more is named in the error.
    func createVolume(from snapshotID: String, like info: VolumeInfo, zone: String?) async throws -> String {
        try Task.checkCancellation()
        let operation = "make a volume of snapshot '\(snapshotID)'"
        let remains = "the volume may have been made all the same"
        let id = try await Task {
            try await during(operation, remains: remains) { [name = link.name] client, options in
                var request = Generated_CreateVolumeRequest()
                request.plugin = name
                request.snapshotID = snapshotID
                request.volumeType = info.type
                request.volumeAz = zone ?? ""
                request.iops = info.iops ?? 0
                return try await client.createVolumeFromSnapshot(request, options: options).volumeID
            }
        }.value
        let volume = try checked(id, operation)
        guard Task.isCancelled else { return volume }
        throw VolumeSnapshotError(
            .other(code: "interrupted"), operation: operation, storage: description,
            reason: "volume '\(volume)' was made, and nothing uses it; delete it in the storage")
    }

    func deleteSnapshot(_ id: String) async throws {
        do {
            _ = try await during("delete snapshot '\(id)'") { [name = link.name] client, options in
                var request = Generated_DeleteSnapshotRequest()
                request.plugin = name
                request.snapshotID = id
                return try await client.deleteSnapshot(request, options: options)
            }
        } catch let error as VolumeSnapshotError where error.kind == .notFound {
            // What does not exist is deleted.
        }
    }
}
