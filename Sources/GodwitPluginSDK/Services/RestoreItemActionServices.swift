import Foundation
import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol
import SwiftProtobuf

/// Velero's service of the first version on top of ``RestoreItemAction``.
struct RestoreItemActionService: Generated_RestoreItemAction.SimpleServiceProtocol {
    let actions: [String: any RestoreItemAction]

    func appliesTo(
        request: Generated_RestoreItemActionAppliesToRequest, context: ServerContext
    ) async throws -> Generated_RestoreItemActionAppliesToResponse {
        var response = Generated_RestoreItemActionAppliesToResponse()
        response.resourceSelector = try plugin(request.plugin, in: actions).appliesTo.wire
        return response
    }

    func execute(
        request: Generated_RestoreItemActionExecuteRequest, context: ServerContext
    ) async throws -> Generated_RestoreItemActionExecuteResponse {
        try await serving(context) {
            let outcome = try await plugin(request.plugin, in: actions).execute(
                item(request.item), original: item(request.itemFromBackup),
                context: WireRestoreContext(restore: restore(request.restore)))
            var response = Generated_RestoreItemActionExecuteResponse()
            let answer = WireAnswer(outcome, of: request.plugin, to: request.item)
            response.item = answer.item
            response.additionalItems = answer.additionalItems
            response.skipRestore = answer.skipsRestore
            return response
        }
    }
}

/// Velero's service of the second version on top of ``OperatingRestoreItemAction``.
struct OperatingRestoreItemActionService: V2_RestoreItemAction.SimpleServiceProtocol {
    let actions: [String: any RestoreItemAction]

    private func action(_ name: String) throws -> any OperatingRestoreItemAction {
        guard let action = try plugin(name, in: actions) as? any OperatingRestoreItemAction else {
            throw RPCError(code: .unimplemented, message: "'\(name)' begins no operations")
        }
        return action
    }

    func appliesTo(
        request: V2_RestoreItemActionAppliesToRequest, context: ServerContext
    ) async throws -> V2_RestoreItemActionAppliesToResponse {
        var response = V2_RestoreItemActionAppliesToResponse()
        response.resourceSelector = try action(request.plugin).appliesTo.wire
        return response
    }

    func execute(
        request: V2_RestoreItemActionExecuteRequest, context: ServerContext
    ) async throws -> V2_RestoreItemActionExecuteResponse {
        try await serving(context) {
            let begun = try await action(request.plugin).begin(
                item(request.item), original: item(request.itemFromBackup),
                context: WireRestoreContext(restore: restore(request.restore)))
            var response = V2_RestoreItemActionExecuteResponse()
            let answer = WireAnswer(begun.outcome, of: request.plugin, to: request.item)
            response.item = answer.item
            response.additionalItems = answer.additionalItems
            response.skipRestore = answer.skipsRestore
            response.operationID = begun.operation ?? ""
            response.waitForAdditionalItems = begun.waitsForAdditionalItems
            if let timeout = begun.readinessTimeout {
                response.additionalItemsReadyTimeout = Google_Protobuf_Duration(seconds: timeout.components.seconds)
            }
            return response
        }
    }

    func progress(
        request: V2_RestoreItemActionProgressRequest, context: ServerContext
    ) async throws -> V2_RestoreItemActionProgressResponse {
        try await serving(context) {
            var response = V2_RestoreItemActionProgressResponse()
            response.progress = try await action(request.plugin).progress(
                of: request.operationID, restore: restore(request.restore)
            ).wire
            return response
        }
    }

    func cancel(
        request: V2_RestoreItemActionCancelRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        try await serving(context) {
            try await action(request.plugin).cancel(request.operationID, restore: restore(request.restore))
            return Google_Protobuf_Empty()
        }
    }

    func areAdditionalItemsReady(
        request: V2_RestoreItemActionItemsReadyRequest, context: ServerContext
    ) async throws -> V2_RestoreItemActionItemsReadyResponse {
        try await serving(context) {
            var response = V2_RestoreItemActionItemsReadyResponse()
            response.ready = try await action(request.plugin).areReady(
                request.additionalItems.map(ItemIdentity.init(wire:)), restore: restore(request.restore))
            return response
        }
    }
}

/// An outcome as it travels. What the protocol has no words for, the reasons and warnings, goes to the log.
private struct WireAnswer {
    let item: Data
    let additionalItems: [Generated_ResourceIdentifier]
    let skipsRestore: Bool

    init(_ outcome: RestoreItemOutcome, of plugin: String, to original: Data) {
        switch outcome {
        case .skip(let reason):
            PluginLogger.shared.info("'\(plugin)' leaves an item out: \(reason)")
            (item, additionalItems, skipsRestore) = (original, [], true)
        case .restore(let object, let items, let warnings):
            for warning in warnings { PluginLogger.shared.warning(warning) }
            (item, additionalItems, skipsRestore) = (Data(object.serialized()), items.map(\.wire), false)
        }
    }
}

/// What a program can look up: the restore. Neither the cluster nor the backup are at hand.
struct WireRestoreContext: RestoreContext {
    let restore: Restore

    func existing(_ identity: ItemIdentity) async throws -> KubernetesObject? { throw NotAtHand(identity) }
    func backedUp(_ identity: ItemIdentity) async throws -> KubernetesObject? { throw NotAtHand(identity) }
    func backupContains(_ identity: ItemIdentity) -> Bool { false }
    func willRestore(_ identity: ItemIdentity) -> Bool { false }
    func mayRestore(_ identity: ItemIdentity) -> Bool { false }
    func serves(_ resource: GroupResource, version: String) -> Bool { false }
}

/// An action in a program asked for an object that the plugin protocol does not bring.
struct NotAtHand: Error, CustomStringConvertible {
    let identity: ItemIdentity

    init(_ identity: ItemIdentity) { self.identity = identity }

    var description: String {
        "\(identity) cannot be looked up through the plugin protocol; read it with a Kubernetes client of your own"
    }
}
