import Foundation
import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol

/// Velero's service on top of ``DeleteItemAction``.
struct DeleteItemActionService: Generated_DeleteItemAction.SimpleServiceProtocol {
    let actions: [String: any DeleteItemAction]

    func appliesTo(
        request: Generated_DeleteItemActionAppliesToRequest, context: ServerContext
    ) async throws -> Generated_DeleteItemActionAppliesToResponse {
        var response = Generated_DeleteItemActionAppliesToResponse()
        response.resourceSelector = try plugin(request.plugin, in: actions).appliesTo.wire
        return response
    }

    func execute(
        request: Generated_DeleteItemActionExecuteRequest, context: ServerContext
    ) async throws -> Generated_Empty {
        try await serving(context) {
            try await plugin(request.plugin, in: actions).execute(
                item(request.item), backup: backup(request.backup))
            return Generated_Empty()
        }
    }
}

/// Velero's service on top of ``ItemBlockAction``.
struct ItemBlockActionService: V1_ItemBlockAction.SimpleServiceProtocol {
    let actions: [String: any ItemBlockAction]

    func appliesTo(
        request: V1_ItemBlockActionAppliesToRequest, context: ServerContext
    ) async throws -> V1_ItemBlockActionAppliesToResponse {
        var response = V1_ItemBlockActionAppliesToResponse()
        response.resourceSelector = try plugin(request.plugin, in: actions).appliesTo.wire
        return response
    }

    func getRelatedItems(
        request: V1_ItemBlockActionGetRelatedItemsRequest, context: ServerContext
    ) async throws -> V1_ItemBlockActionGetRelatedItemsResponse {
        try await serving(context) {
            var response = V1_ItemBlockActionGetRelatedItemsResponse()
            response.relatedItems = try await plugin(request.plugin, in: actions).relatedItems(
                of: item(request.item), backup: backup(request.backup)
            ).map(\.wire)
            return response
        }
    }
}
