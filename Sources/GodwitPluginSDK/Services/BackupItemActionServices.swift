import Foundation
import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol
import Streams
import SwiftProtobuf

/// Velero's service of the first version on top of ``BackupItemAction``.
struct BackupItemActionService: Generated_BackupItemAction.SimpleServiceProtocol {
    let actions: [String: any BackupItemAction]

    func appliesTo(
        request: Generated_BackupItemActionAppliesToRequest, context: ServerContext
    ) async throws -> Generated_BackupItemActionAppliesToResponse {
        var response = Generated_BackupItemActionAppliesToResponse()
        response.resourceSelector = try plugin(request.plugin, in: actions).appliesTo.wire
        return response
    }

    func execute(
        request: Generated_ExecuteRequest, context: ServerContext
    ) async throws -> Generated_ExecuteResponse {
        try await serving(context) {
            let outcome = try await plugin(request.plugin, in: actions).execute(
                item(request.item), backup: backup(request.backup))
            var response = Generated_ExecuteResponse()
            // Velero takes an answer without an item for a mistake.
            response.item = outcome.item.map { Data($0.serialized()) } ?? request.item
            response.additionalItems = outcome.additionalItems.map(\.wire)
            return response
        }
    }
}

/// Velero's service of the second version on top of ``OperatingBackupItemAction``.
struct OperatingBackupItemActionService: V2_BackupItemAction.SimpleServiceProtocol {
    let actions: [String: any BackupItemAction]

    private func action(_ name: String) throws -> any OperatingBackupItemAction {
        guard let action = try plugin(name, in: actions) as? any OperatingBackupItemAction else {
            throw RPCError(code: .unimplemented, message: "'\(name)' begins no operations")
        }
        return action
    }

    func appliesTo(
        request: V2_BackupItemActionAppliesToRequest, context: ServerContext
    ) async throws -> V2_BackupItemActionAppliesToResponse {
        var response = V2_BackupItemActionAppliesToResponse()
        response.resourceSelector = try action(request.plugin).appliesTo.wire
        return response
    }

    func execute(request: V2_ExecuteRequest, context: ServerContext) async throws -> V2_ExecuteResponse {
        try await serving(context) {
            let begun = try await action(request.plugin).begin(item(request.item), backup: backup(request.backup))
            var response = V2_ExecuteResponse()
            response.item = begun.outcome.item.map { Data($0.serialized()) } ?? request.item
            response.additionalItems = begun.outcome.additionalItems.map(\.wire)
            response.operationID = begun.operation ?? ""
            response.postOperationItems = begun.postOperationItems.map(\.wire)
            return response
        }
    }

    func progress(
        request: V2_BackupItemActionProgressRequest, context: ServerContext
    ) async throws -> V2_BackupItemActionProgressResponse {
        try await serving(context) {
            var response = V2_BackupItemActionProgressResponse()
            response.progress = try await action(request.plugin).progress(
                of: request.operationID, backup: backup(request.backup)
            ).wire
            return response
        }
    }

    func cancel(
        request: V2_BackupItemActionCancelRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        try await serving(context) {
            try await action(request.plugin).cancel(request.operationID, backup: backup(request.backup))
            return Google_Protobuf_Empty()
        }
    }
}

/// Godwit's own service: many items in a call.
struct GodwitBackupItemActionService: Godwit_V1_BackupItemAction.SimpleServiceProtocol {
    let actions: [String: any BackupItemAction]

    /// Items of a call that the action looks at at the same time.
    static let parallel = 32

    func executeMany(
        request: Godwit_V1_ExecuteManyRequest, context: ServerContext
    ) async throws -> Godwit_V1_ExecuteManyResponse {
        try await serving(context) { try await answer(to: request) }
    }

    func answer(to request: Godwit_V1_ExecuteManyRequest) async throws -> Godwit_V1_ExecuteManyResponse {
        let action = try plugin(request.plugin, in: actions)
        let backup = try backup(request.backup)
        var response = Godwit_V1_ExecuteManyResponse()
        response.outcomes = try await request.items.mapConcurrently(limit: Self.parallel) { bytes in
            try await outcome(action, bytes, backup, request.takesPatches)
        }
        return response
    }

    /// What an action makes of an item; its failure is that item's alone.
    private func outcome(
        _ action: any BackupItemAction, _ bytes: Data, _ backup: Backup, _ takesPatches: Bool
    ) async throws -> Godwit_V1_ItemOutcome {
        var wire = Godwit_V1_ItemOutcome()
        do {
            let object = try item(bytes)
            let outcome: OperatingBackupItemOutcome
            if let operating = action as? any OperatingBackupItemAction {
                outcome = try await operating.begin(object, backup: backup)
            } else {
                outcome = OperatingBackupItemOutcome(try await action.execute(object, backup: backup))
            }
            if let changed = outcome.outcome.item {
                if takesPatches, let patch = object.exactDifference(to: changed) {
                    if !patch.isEmpty { wire.patch = Data(JSONValue.object(patch).serialized()) }
                } else {
                    wire.item = Data(changed.serialized())
                }
            }
            wire.additionalItems = outcome.outcome.additionalItems.map(\.wire)
            wire.operationID = outcome.operation ?? ""
            wire.postOperationItems = outcome.postOperationItems.map(\.wire)
        } catch {
            // An action may cancel something of its own; the call is cancelled only when its task is.
            try Task.checkCancellation()
            let message = error is CancellationError ? "cancelled" : (error as? RPCError)?.message ?? "\(error)"
            wire.error = message.isEmpty ? "it failed" : message
        }
        return wire
    }
}

extension KubernetesObject {
    /// The merge patch that makes the other of this one; nil where no patch does.
    fileprivate func exactDifference(to other: KubernetesObject) -> [String: JSONValue]? {
        guard let old = value.object, let new = other.value.object else { return nil }
        return JSONMergePatch.exactDifference(from: old, to: new)
    }
}

extension OperationProgress {
    /// The progress as it travels.
    var wire: Generated_OperationProgress {
        var wire = Generated_OperationProgress()
        wire.completed = isCompleted
        wire.err = error ?? ""
        wire.nCompleted = completed
        wire.nTotal = total
        wire.operationUnits = units
        wire.description_p = description
        if let started { wire.started = Google_Protobuf_Timestamp(date: started) }
        if let updated { wire.updated = Google_Protobuf_Timestamp(date: updated) }
        return wire
    }
}
