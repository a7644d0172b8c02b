import Foundation
import GRPCCore
import GodwitModel
import GodwitPluginAPI
import PluginProtocol
import Streams
import SwiftProtobuf

/// A backup item action in a program.
struct ExternalBackupItemAction: BatchBackupItemAction {
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

    func begin(_ items: [Item], backup: Backup) async throws -> [Result<BatchItemOutcome, any Error>] {
        try await caller.execute(items, backup: backup)
    }

    func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
        try await caller.execute(item, backup: backup).outcome
    }
}

/// A backup item action in a program that may begin operations.
struct ExternalOperatingBackupItemAction: OperatingBackupItemAction, BatchBackupItemAction {
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
        } cancel: { operation, backup in
            try await Self.cancel(operation, backup: backup, link)
        }
    }

    func begin(_ items: [Item], backup: Backup) async throws -> [Result<BatchItemOutcome, any Error>] {
        try await caller.execute(items, backup: backup)
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
        try await Self.cancel(operation, backup: Data(backup.json.serialized()), link)
    }

    private static func cancel(_ operation: String, backup: Data, _ link: PluginLink) async throws {
        let request = V2_BackupItemActionCancelRequest.with {
            $0.plugin = link.name
            $0.operationID = operation
            $0.backup = backup
        }
        _ = try await link.looking("cancel operation '\(operation)'", timeout: link.limits.answer) { client, options in
            try await V2_BackupItemAction.Client(wrapping: client).cancel(request, options: options)
        }
    }
}

/// Hands items to a backup item action, by Velero's service or, where the program has it, many at once by Godwit's.
struct BackupActionCaller: Sendable {
    struct Request: Sendable {
        let plugin: String
        let item: Data
        let backup: Data
    }

    struct Answer: Sendable {
        var item: Data
        /// A merge patch of the item that was asked about, instead of an item.
        var patch = Data()
        var additionalItems: [Generated_ResourceIdentifier]
        var operation = ""
        var postOperationItems: [Generated_ResourceIdentifier] = []
    }

    typealias Call = @Sendable (Request, PluginClient, CallOptions) async throws -> Answer
    /// Cancels an operation; gets its id and the backup's text.
    typealias Cancel = @Sendable (String, Data) async throws -> Void

    private let link: PluginLink
    private let call: Call
    private let cancel: Cancel?
    private static let operation = "look at an item"
    /// Calls about one item each that are made at the same time for a batch; the engine has several batches under way,
    /// which the program's gate bounds.
    private static let parallel = 24

    /// - Parameter cancel: nil where the protocol has no operations.
    init(_ link: PluginLink, call: @escaping Call, cancel: Cancel? = nil) {
        self.link = link
        self.call = call
        self.cancel = cancel
    }

    func execute(_ object: KubernetesObject, backup: Backup) async throws -> OperatingBackupItemOutcome {
        let text = object.serialized()
        let item = Item(
            bytes: text, metadata: try ItemMetadata(scanning: text), resource: GroupResource(resource: object.kind))
        guard let outcome = try await execute([item], backup: backup).first?.get() else {
            throw link.badAnswer(Self.operation, "there is none")
        }
        return OperatingBackupItemOutcome(
            BackupItemOutcome(
                item: try outcome.item.map { try KubernetesObject(parsing: $0.bytes) },
                additionalItems: outcome.additionalItems),
            operation: outcome.operation, postOperationItems: outcome.postOperationItems)
    }

    func execute(_ items: [Item], backup: Backup) async throws -> [Result<BatchItemOutcome, any Error>] {
        let backup = Data(backup.json.serialized())
        let takesMany: Bool
        do {
            takesMany = try await link.connection().extensions.contains(.backupItemAction)
        } catch {
            if error is CancellationError { throw error }
            return items.map { _ in .failure(RefusedCall.plain(error)) }
        }
        if takesMany {
            let answers = try await ActionBatches(link: link, backup: backup).execute(items)
            let outcomes = zip(items, answers).map { item, answer in
                answer.flatMap { answer in Result { try outcome(answer, of: item, changed(answer, item)) } }
            }
            return try await settled(outcomes, answers, backup)
        }
        return try await items.mapConcurrently(limit: Self.parallel) { item in
            do {
                let request = Request(plugin: link.name, item: Data(item.bytes), backup: backup)
                let answer = try await link.callAboutItem(Self.operation) { client, options in
                    try await call(request, client, options)
                }
                let result = Result { try outcome(answer, of: item, reallyChanged(answer, item)) }
                return try await settled([result], [.success(answer)], backup)[0]
            } catch {
                if error is CancellationError { throw error }
                return .failure(RefusedCall.plain(error))
            }
        }
    }

    /// Outcomes, after the operations are cancelled that answers which make no sense have begun: nobody would wait for
    /// them.
    private func settled(
        _ outcomes: [Result<BatchItemOutcome, any Error>], _ answers: [ActionBatches.Answer], _ backup: Data
    ) async throws -> [Result<BatchItemOutcome, any Error>] {
        guard let cancel, outcomes.contains(where: { $0.isFailure }) else { return outcomes }
        return try await Array(zip(outcomes, answers)).mapConcurrently(limit: Self.parallel) { outcome, answer in
            guard case .failure(let error) = outcome, case .success(let answer) = answer else { return outcome }
            return .failure(
                try await link.abandoning(answer.operation, after: error) { try await cancel($0, backup) })
        }
    }

    private func outcome(_ answer: Answer, of item: Item, _ changed: Item?) throws -> BatchItemOutcome {
        BatchItemOutcome(
            item: changed, additionalItems: try link.identities(answer.additionalItems, Self.operation),
            operation: try link.operationID(answer.operation),
            postOperationItems: try link.identities(answer.postOperationItems, Self.operation))
    }

    /// The item when a plugin changed it that may leave the answer empty where it did not.
    private func changed(_ answer: Answer, _ item: Item) throws -> Item? {
        guard !answer.item.isEmpty || !answer.patch.isEmpty else { return nil }
        let text: [UInt8]
        let metadata: ItemMetadata
        do {
            if answer.patch.isEmpty {
                text = Array(answer.item)
                metadata = try ItemMetadata(checking: text)
            } else {
                text = try patched(item, answer)
                metadata = try ItemMetadata(scanning: text)
            }
        } catch let error as JSONError {
            throw link.badAnswer(Self.operation, "what it gives back is no item: \(error)")
        }
        let original = item.metadata
        guard metadata.apiVersion == original.apiVersion, metadata.kind == original.kind,
            metadata.namespace == original.namespace, metadata.name == original.name
        else {
            throw link.badAnswer(
                Self.operation,
                "it was asked about \(original.kind) '\(original.name)' and gives back another item: "
                    + "\(metadata.kind) '\(metadata.name)'".printable)
        }
        return Item(bytes: text, metadata: metadata, resource: item.resource)
    }

    private func patched(_ item: Item, _ answer: Answer) throws -> [UInt8] {
        guard answer.item.isEmpty else {
            throw link.badAnswer(Self.operation, "it gives back both an item and a patch")
        }
        guard let patch = try JSONValue(parsing: Array(answer.patch)).object else {
            throw link.badAnswer(Self.operation, "the patch that it gives back is no object")
        }
        return try JSONMergePatch.apply(patch, toText: item.bytes)
    }

    /// The item when the plugin changed it; most of Velero's plugins give back what they got, in an order of their own.
    private func reallyChanged(_ answer: Answer, _ item: Item) throws -> Item? {
        guard answer.item != Data(item.bytes), let changed = try changed(answer, item) else { return nil }
        let (object, original) = (
            try link.object(changed.bytes, Self.operation), try link.object(item.bytes, Self.operation)
        )
        return object.value.isSameJSON(as: original.value) ? nil : changed
    }
}

extension Result {
    fileprivate var isFailure: Bool { if case .failure = self { true } else { false } }
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
