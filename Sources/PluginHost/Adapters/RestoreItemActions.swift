import Foundation
import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol
import SwiftProtobuf

/// A restore item action in a program.
struct ExternalRestoreItemAction: RestoreItemAction {
    let name: String
    let appliesTo: ResourceSelector
    private let link: PluginLink

    init(_ link: PluginLink) async throws {
        self.link = link
        name = link.name
        appliesTo = try await link.appliesTo { client, options in
            try await Generated_RestoreItemAction.Client(wrapping: client)
                .appliesTo(.with { $0.plugin = link.name }, options: options).resourceSelector
        }
    }

    func execute(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> RestoreItemOutcome {
        let request = Generated_RestoreItemActionExecuteRequest.with {
            $0.plugin = name
            $0.item = Data(item.serialized())
            $0.itemFromBackup = Data(original.serialized())
            $0.restore = Data(context.restore.json.serialized())
        }
        let answer = try await link.lookingAtItem { client, options in
            try await Generated_RestoreItemAction.Client(wrapping: client).execute(request, options: options)
        }
        return try link.outcome(answer.item, answer.additionalItems, skips: answer.skipRestore)
    }
}

/// A restore item action in a program that may begin operations.
struct ExternalOperatingRestoreItemAction: OperatingRestoreItemAction {
    let name: String
    let appliesTo: ResourceSelector
    private let link: PluginLink

    init(_ link: PluginLink) async throws {
        self.link = link
        name = link.name
        appliesTo = try await link.appliesTo { client, options in
            try await V2_RestoreItemAction.Client(wrapping: client)
                .appliesTo(.with { $0.plugin = link.name }, options: options).resourceSelector
        }
    }

    func begin(
        _ item: KubernetesObject, original: KubernetesObject, context: any RestoreContext
    ) async throws -> OperatingRestoreItemOutcome {
        let request = V2_RestoreItemActionExecuteRequest.with {
            $0.plugin = name
            $0.item = Data(item.serialized())
            $0.itemFromBackup = Data(original.serialized())
            $0.restore = Data(context.restore.json.serialized())
        }
        let answer = try await link.lookingAtItem { client, options in
            try await V2_RestoreItemAction.Client(wrapping: client).execute(request, options: options)
        }
        do {
            return try outcome(answer)
        } catch {
            throw try await link.abandoning(answer.operationID, after: error) {
                try await cancel($0, restore: context.restore)
            }
        }
    }

    private func outcome(_ answer: V2_RestoreItemActionExecuteResponse) throws -> OperatingRestoreItemOutcome {
        let timeout = answer.additionalItemsReadyTimeout
        return OperatingRestoreItemOutcome(
            try link.outcome(answer.item, answer.additionalItems, skips: answer.skipRestore),
            operation: try link.operationID(answer.operationID),
            waitsForAdditionalItems: answer.waitForAdditionalItems,
            readinessTimeout: timeout.seconds > 0 ? .seconds(min(timeout.seconds, 86_400)) : nil)
    }

    func progress(of operation: String, restore: Restore) async throws -> OperationProgress {
        let request = V2_RestoreItemActionProgressRequest.with {
            $0.plugin = name
            $0.operationID = operation
            $0.restore = Data(restore.json.serialized())
        }
        let answer = try await link.looking("tell the progress of operation '\(operation)'") { client, options in
            try await V2_RestoreItemAction.Client(wrapping: client).progress(request, options: options)
        }
        return OperationProgress(wire: answer.progress)
    }

    func cancel(_ operation: String, restore: Restore) async throws {
        let request = V2_RestoreItemActionCancelRequest.with {
            $0.plugin = name
            $0.operationID = operation
            $0.restore = Data(restore.json.serialized())
        }
        _ = try await link.looking("cancel operation '\(operation)'", timeout: link.limits.answer) { client, options in
            try await V2_RestoreItemAction.Client(wrapping: client).cancel(request, options: options)
        }
    }

    func areReady(_ items: [ItemIdentity], restore: Restore) async throws -> Bool {
        let request = V2_RestoreItemActionItemsReadyRequest.with {
            $0.plugin = name
            $0.additionalItems = items.map(\.wire)
            $0.restore = Data(restore.json.serialized())
        }
        return try await link.looking("say whether items are ready") { client, options in
            try await V2_RestoreItemAction.Client(wrapping: client).areAdditionalItemsReady(request, options: options)
        }.ready
    }
}

extension PluginLink {
    /// A call whose refusal is told as it is.
    func looking<Answer: Sendable>(
        _ operation: String, timeout: Duration? = nil,
        _ body: @escaping @Sendable (PluginClient, CallOptions) async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await call(operation, timeout: timeout, body)
        } catch {
            throw RefusedCall.plain(error)
        }
    }

    /// A call about an item, when it is its turn; a refusal is told as it is.
    func lookingAtItem<Answer: Sendable>(
        _ operation: String = "look at an item",
        _ body: @escaping @Sendable (PluginClient, CallOptions) async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await callAboutItem(operation, body)
        } catch {
            throw RefusedCall.plain(error)
        }
    }

    /// What an answer makes of an item.
    func outcome(
        _ item: Data, _ additionalItems: [Generated_ResourceIdentifier], skips: Bool
    ) throws -> RestoreItemOutcome {
        if skips { return .skip(reason: "plugin \(name) leaves it out") }
        let object = try object(item, "look at an item")
        guard !object.kind.isEmpty, !object.apiVersion.isEmpty, !object.name.isEmpty else {
            throw badAnswer("look at an item", "what it gives back has no kind, apiVersion or name")
        }
        return .restore(object, additionalItems: try identities(additionalItems, "look at an item"))
    }
}
