import Foundation
import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol
import SwiftProtobuf

/// A backup item action in a program.
struct ExternalBackupItemAction: TextBackupItemAction {
    let name: String
    let appliesTo: ResourceSelector
    private let caller: BackupActionCaller

    init(_ link: PluginLink) async throws {
        name = link.name
        appliesTo = try await link.appliesTo { client, options in
            try await Generated_BackupItemAction.Client(wrapping: client)
                .appliesTo(.with { $0.plugin = link.name }, options: options).resourceSelector
        }
        caller = BackupActionCaller(link) { request, client, options in
            let message = Generated_ExecuteRequest.with {
                $0.plugin = request.plugin
                $0.item = request.item
                $0.backup = request.backup
            }
            let answer = try await Generated_BackupItemAction.Client(wrapping: client).execute(
                message, options: options)
            return BackupActionCaller.Answer(item: answer.item, additionalItems: answer.additionalItems)
        }
    }

    func begin(text: [UInt8], backup: Backup) async throws -> TextBackupItemOutcome {
        try await caller.execute(text, backup: backup)
    }

    func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
        try await caller.execute(item, backup: backup).outcome
    }
}

/// A backup item action in a program that may begin operations.
struct ExternalOperatingBackupItemAction: OperatingBackupItemAction, TextBackupItemAction {
    let name: String
    let appliesTo: ResourceSelector
    private let link: PluginLink
    private let caller: BackupActionCaller

    init(_ link: PluginLink) async throws {
        self.link = link
        name = link.name
        appliesTo = try await link.appliesTo { client, options in
            try await V2_BackupItemAction.Client(wrapping: client)
                .appliesTo(.with { $0.plugin = link.name }, options: options).resourceSelector
        }
        caller = BackupActionCaller(link) { request, client, options in
            let message = V2_ExecuteRequest.with {
                $0.plugin = request.plugin
                $0.item = request.item
                $0.backup = request.backup
            }
            let answer = try await V2_BackupItemAction.Client(wrapping: client).execute(message, options: options)
            return BackupActionCaller.Answer(
                item: answer.item, additionalItems: answer.additionalItems, operation: answer.operationID,
                postOperationItems: answer.postOperationItems)
        }
    }

    func begin(text: [UInt8], backup: Backup) async throws -> TextBackupItemOutcome {
        try await caller.execute(text, backup: backup)
    }

    func begin(_ item: KubernetesObject, backup: Backup) async throws -> OperatingBackupItemOutcome {
        try await caller.execute(item, backup: backup)
    }

    func progress(of operation: String, backup: Backup) async throws -> OperationProgress {
        let request = V2_BackupItemActionProgressRequest.with {
            $0.plugin = name
            $0.operationID = operation
            $0.backup = Data(backup.json.serialized())
        }
        let answer = try await link.looking("tell the progress of operation '\(operation)'") { client, options in
            try await V2_BackupItemAction.Client(wrapping: client).progress(request, options: options)
        }
        return OperationProgress(wire: answer.progress)
    }

    func cancel(_ operation: String, backup: Backup) async throws {
        let request = V2_BackupItemActionCancelRequest.with {
            $0.plugin = name
            $0.operationID = operation
            $0.backup = Data(backup.json.serialized())
        }
        _ = try await link.looking("cancel operation '\(operation)'", timeout: link.limits.answer) { client, options in
            try await V2_BackupItemAction.Client(wrapping: client).cancel(request, options: options)
        }
    }
}

/// Hands items to a backup item action, by Velero's service or, where the program has it, many at once by Godwit's.
final class BackupActionCaller: Sendable {
    struct Request: Sendable {
        let plugin: String
        let item: Data
        let backup: Data
    }

    struct Answer: Sendable {
        var item: Data
        var additionalItems: [Generated_ResourceIdentifier]
        var operation = ""
        var postOperationItems: [Generated_ResourceIdentifier] = []
    }

    typealias Call = @Sendable (Request, PluginClient, CallOptions) async throws -> Answer

    private let link: PluginLink
    private let call: Call
    private let batches: ActionBatches
    private static let operation = "look at an item"

    init(_ link: PluginLink, call: @escaping Call) {
        self.link = link
        self.call = call
        batches = ActionBatches(link)
    }

    func execute(_ item: KubernetesObject, backup: Backup) async throws -> OperatingBackupItemOutcome {
        let outcome = try await execute(item.serialized(), backup: backup)
        return OperatingBackupItemOutcome(
            BackupItemOutcome(
                item: try outcome.text.map { try link.object($0, Self.operation) },
                additionalItems: outcome.additionalItems),
            operation: outcome.operation, postOperationItems: outcome.postOperationItems)
    }

    func execute(_ text: [UInt8], backup: Backup) async throws -> TextBackupItemOutcome {
        let answer: Answer
        do {
            if let batched = try await batches.execute(text, backup: backup) {
                answer = batched
            } else {
                let request = Request(
                    plugin: link.name, item: Data(text), backup: Data(backup.json.serialized()))
                answer = try await link.call(Self.operation) { [call] client, options in
                    try await call(request, client, options)
                }
            }
        } catch {
            throw RefusedCall.plain(error)
        }
        return TextBackupItemOutcome(
            text: try changed(Array(answer.item), from: text),
            additionalItems: try link.identities(answer.additionalItems, Self.operation),
            operation: try link.operationID(answer.operation),
            postOperationItems: try link.identities(answer.postOperationItems, Self.operation))
    }

    /// The item's text when the plugin changed it; most plugins give back what they got, in an order of their own.
    private func changed(_ answer: [UInt8], from text: [UInt8]) throws -> [UInt8]? {
        guard !answer.isEmpty, answer != text else { return nil }
        let object = try link.object(answer, Self.operation)
        let original = try link.object(text, Self.operation)
        guard !object.value.isSameJSON(as: original.value) else { return nil }
        guard object.apiVersion == original.apiVersion, object.kind == original.kind,
            object.namespace == original.namespace, object.name == original.name
        else {
            throw link.badAnswer(
                Self.operation,
                "it was asked about \(original.kind) '\(original.name)' and gives back another item: "
                    + "\(object.kind) '\(object.name)'".printable)
        }
        return answer
    }
}

extension OperationProgress {
    init(wire: Generated_OperationProgress) {
        self.init(
            isCompleted: wire.completed, error: wire.err.isEmpty ? nil : String(wire.err.printable.prefix(2000)),
            completed: wire.nCompleted, total: wire.nTotal, units: String(wire.operationUnits.printable.prefix(60)),
            description: String(wire.description_p.printable.prefix(300)),
            started: wire.hasStarted ? wire.started.date : nil, updated: wire.hasUpdated ? wire.updated.date : nil)
    }
}
