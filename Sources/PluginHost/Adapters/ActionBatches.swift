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
    /// Calls at the same time.
    private static let parallel = 2
    /// Items that may fail one after the other before the others of their batch fail with them.
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
            return try await ask(about: batch)
        } catch {
            if error is CancellationError { throw error }
            if batch.count > 1, Self.mayBeOfOneItem(error) { return try await oneByOne(batch) }
            return batch.map { _ in .failure(RefusedCall.plain(error)) }
        }
    }

    /// One bad item fails that item, not its neighbours. Where item after item fails, the program is to blame, and nobody
    /// waits for each of them as long as for one.
    private func oneByOne(_ batch: ArraySlice<Item>) async throws -> [Answer] {
        var answers: [Answer] = []
        var failures = 0
        for item in batch {
            do {
                answers += try await ask(about: [item])
                failures = 0
            } catch {
                if error is CancellationError { throw error }
                let failure = RefusedCall.plain(error)
                answers.append(.failure(failure))
                failures = Self.mayBeOfOneItem(error) ? failures + 1 : 0
                guard failures < Self.patience else {
                    return answers + (answers.count..<batch.count).map { _ in .failure(failure) }
                }
            }
        }
        return answers
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

    /// Whether a call may have failed because of one of its items, or because they were too many.
    private static func mayBeOfOneItem(_ error: any Error) -> Bool {
        switch (RefusedCall.plain(error) as? PluginError)?.failure {
        case .died, .timedOut, .unreachable, .tooMuch, .badAnswer: true
        default: false
        }
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
