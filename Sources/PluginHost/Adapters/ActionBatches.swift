import Foundation
import GRPCCore
import GodwitModel
import PluginProtocol
import Streams
import SwiftProtobuf

/// Asks a program about many items in a call, where it takes many.
struct ActionBatches: Sendable {
    typealias Answer = Result<BackupActionCaller.Answer, any Error>

    let link: PluginLink
    /// The backup's text.
    let backup: Data

    private static let maximumItems = 256
    private static let maximumBytes = 2 << 20
    /// Calls at the same time; the engine has several lists of items under way, which the program's gate bounds.
    private static let parallel = 2
    /// Items that may get no answer one after the other before the others of their batch fail with them.
    private static let patience = 2

    /// What the action says of each item, in their order.
    ///
    /// - Throws: `CancellationError`.
    func execute(_ items: [Item]) async throws -> [Answer] {
        let batches = Self.batches(items)
        if batches.count == 1 { return try await answers(about: batches[0]) }
        return try await batches.mapConcurrently(limit: Self.parallel) { try await answers(about: $0) }.flatMap(\.self)
    }

    private static func batches(_ items: [Item]) -> [ArraySlice<Item>] {
        var batches: [ArraySlice<Item>] = []
        var rest = items[...]
        while !rest.isEmpty {
            var bytes = 0
            let count = rest.prefix(maximumItems).prefix { item in
                defer { bytes += item.bytes.count }
                return bytes == 0 || bytes + item.bytes.count <= maximumBytes
            }.count
            batches.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return batches
    }

    /// Asks about a batch, and about each of its items alone where that may help.
    private func answers(about batch: ArraySlice<Item>) async throws -> [Answer] {
        do {
            return try await link.program.gate.during(batch.count > 1 ? .batch : .item) { try await ask(about: batch) }
        } catch {
            if error is CancellationError { throw error }
            let blame = CallBlame(error)
            // What died may have died of somebody else's item.
            if blame == .crash || blame.mayBeItems && batch.count > 1 { return try await oneByOne(batch, after: blame) }
            return batch.map { _ in .failure(RefusedCall.plain(error)) }
        }
    }

    /// One bad item fails that item, not its neighbours. Where item after item fails without an answer, the program is to
    /// blame, and nobody waits for each of them as long as for one.
    private func oneByOne(_ batch: ArraySlice<Item>, after blame: CallBlame) async throws -> [Answer] {
        var answers: [Answer] = []
        var silences = 0
        // What hangs is asked about beside its neighbour, whose answer shows that the program does not hang.
        let width = blame == .crash ? 1 : Self.patience
        while answers.count < batch.count {
            let items = Array(batch.dropFirst(answers.count).prefix(width))
            let asked = try await items.mapConcurrently(limit: width) { try await again($0, after: blame) }
            for answer in asked {
                answers.append(answer)
                guard case .failure(let failure) = answer else {
                    silences = 0
                    continue
                }
                switch CallBlame(failure) {
                case .item: silences = 0
                case .crash, .silence: silences += 1
                case .program: silences = Self.patience
                }
                guard silences < Self.patience else {
                    return answers + (answers.count..<batch.count).map { _ in .failure(failure) }
                }
            }
        }
        return answers
    }

    /// Asks about an item that was among others before.
    private func again(_ item: Item, after blame: CallBlame) async throws -> Answer {
        do {
            if blame == .crash { return try await link.askingAlone { try await ask(about: [item])[0] } }
            return try await link.askingAboutItem { try await ask(about: [item])[0] }
        } catch {
            if error is CancellationError { throw error }
            return .failure(RefusedCall.plain(error))
        }
    }

    private func ask(about batch: ArraySlice<Item>) async throws -> [Answer] {
        let operation = "look at \(batch.count) items"
        let request = Godwit_V1_ExecuteManyRequest.with {
            $0.plugin = link.name
            $0.backup = backup
            $0.items = batch.map { Data($0.bytes) }
            $0.takesPatches = true
        }
        let answer = try await link.call(operation) { client, options in
            try await Godwit_V1_BackupItemAction.Client(wrapping: client).executeMany(request, options: options)
        }
        guard answer.outcomes.count == batch.count else {
            throw link.badAnswer(
                operation, "it gives \(answer.outcomes.count) answers for \(batch.count) items")
        }
        return answer.outcomes.map(result)
    }

    private func result(_ outcome: Godwit_V1_ItemOutcome) -> Answer {
        guard outcome.error.isEmpty else {
            return .failure(
                PluginError(
                    program: link.program.name, plugin: link.name, operation: "look at an item",
                    failure: .refused(
                        code: "failed", reason: String(outcome.error.printable.prefix(2000)), stack: [])))
        }
        return .success(
            BackupActionCaller.Answer(
                item: outcome.item, patch: outcome.patch, additionalItems: outcome.additionalItems,
                operation: outcome.operationID, postOperationItems: outcome.postOperationItems))
    }
}
