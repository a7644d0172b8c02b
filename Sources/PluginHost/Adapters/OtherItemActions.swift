import Foundation
import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol

/// A delete item action in a program.
struct ExternalDeleteItemAction: DeleteItemAction {
    let name: String
    let appliesTo: ResourceSelector
    private let link: PluginLink

    init(_ link: PluginLink) async throws {
        self.link = link
        name = link.name
        let answer = try await link.looking("say which items it is for") { [name] client, options in
            var request = Generated_DeleteItemActionAppliesToRequest()
            request.plugin = name
            return try await Generated_DeleteItemAction.Client(wrapping: client).appliesTo(request, options: options)
        }
        appliesTo = try link.selector(answer.resourceSelector)
    }

    func execute(_ item: KubernetesObject, backup: Backup) async throws {
        var request = Generated_DeleteItemActionExecuteRequest()
        request.plugin = name
        request.item = Data(item.serialized())
        request.backup = Data(backup.json.serialized())
        let sent = request
        _ = try await link.looking("clean up after an item") { client, options in
            try await Generated_DeleteItemAction.Client(wrapping: client).execute(sent, options: options)
        }
    }
}

/// An item block action in a program.
struct ExternalItemBlockAction: ItemBlockAction {
    let name: String
    let appliesTo: ResourceSelector
    private let link: PluginLink

    init(_ link: PluginLink) async throws {
        self.link = link
        name = link.name
        let answer = try await link.looking("say which items it is for") { [name] client, options in
            var request = V1_ItemBlockActionAppliesToRequest()
            request.plugin = name
            return try await V1_ItemBlockAction.Client(wrapping: client).appliesTo(request, options: options)
        }
        appliesTo = try link.selector(answer.resourceSelector)
    }

    func relatedItems(of item: KubernetesObject, backup: Backup) async throws -> [ItemIdentity] {
        var request = V1_ItemBlockActionGetRelatedItemsRequest()
        request.plugin = name
        request.item = Data(item.serialized())
        request.backup = Data(backup.json.serialized())
        let sent = request
        let answer = try await link.looking("name the items that belong with an item") { client, options in
            try await V1_ItemBlockAction.Client(wrapping: client).getRelatedItems(sent, options: options)
        }
        return try link.identities(answer.relatedItems, "name the items that belong with an item")
    }
}
