import Foundation
import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol
import SwiftProtobuf

/// A delete item action in a program.
struct ExternalDeleteItemAction: DeleteItemAction {
    let name: String
    let appliesTo: ResourceSelector
    private let link: PluginLink

    init(_ link: PluginLink) async throws {
        self.link = link
        name = link.name
        appliesTo = try await link.appliesTo { client, options in
            try await Generated_DeleteItemAction.Client(wrapping: client)
                .appliesTo(.with { $0.plugin = link.name }, options: options).resourceSelector
        }
    }

    func execute(_ item: KubernetesObject, backup: Backup) async throws {
        let request = Generated_DeleteItemActionExecuteRequest.with {
            $0.plugin = name
            $0.item = Data(item.serialized())
            $0.backup = Data(backup.json.serialized())
        }
        _ = try await link.lookingAtItem("clean up after an item") { client, options in
            try await Generated_DeleteItemAction.Client(wrapping: client).execute(request, options: options)
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
        appliesTo = try await link.appliesTo { client, options in
            try await V1_ItemBlockAction.Client(wrapping: client)
                .appliesTo(.with { $0.plugin = link.name }, options: options).resourceSelector
        }
    }

    func relatedItems(of item: KubernetesObject, backup: Backup) async throws -> [ItemIdentity] {
        let request = V1_ItemBlockActionGetRelatedItemsRequest.with {
            $0.plugin = name
            $0.item = Data(item.serialized())
            $0.backup = Data(backup.json.serialized())
        }
        let answer = try await link.lookingAtItem("name the items that belong with an item") { client, options in
            try await V1_ItemBlockAction.Client(wrapping: client).getRelatedItems(request, options: options)
        }
        return try link.identities(answer.relatedItems, "name the items that belong with an item")
    }
}
