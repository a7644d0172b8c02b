import Foundation
import GRPCCore
import GodwitModel
import PluginProtocol
import SwiftProtobuf
import Synchronization

/// Gathers calls that are made at the same time into a few large ones, for programs that take many items in a call.
///
/// A call that finds nothing under way goes out at once; what comes meanwhile goes together with the next one. So a
/// single item never waits for company, and many items cost little more than their bytes.
final class ActionBatches: Sendable {
    private struct Waiting {
        let text: [UInt8]
        let backup: Backup
        let answer: Settled<Result<BackupActionCaller.Answer, any Error>>
    }

    private struct State {
        var waiting: [Waiting] = []
        var underWay = 0
        /// The backup's text, which is the same for all of its items.
        var backup: (value: Backup, text: Data)?
    }

    private let link: PluginLink
    private let state = Mutex(State())

    /// Calls at the same time: one is worked on while another one travels.
    private static let parallel = 3
    private static let maximumItems = 64
    /// Items that may fail one after the other before the others of their batch fail with them.
    private static let patience = 2
    private static let maximumBytes = 2 << 20

    init(_ link: PluginLink) { self.link = link }

    /// Looks at an item together with others; nil where the program takes one at a time.
    func execute(_ text: [UInt8], backup: Backup) async throws -> BackupActionCaller.Answer? {
        guard try await link.connection().extensions.contains(.backupItemAction) else { return nil }
        let waiting = Waiting(text: text, backup: backup, answer: Settled())
        state.withLock { $0.waiting.append(waiting) }
        startIfFree()
        return try await waiting.answer.value().get()
    }

    private func startIfFree() {
        let batch = state.withLock { state -> [Waiting] in
            guard state.underWay < Self.parallel, !state.waiting.isEmpty else { return [] }
            var bytes = 0
            let count = state.waiting.prefix(Self.maximumItems).prefix { item in
                defer { bytes += item.text.count }
                return bytes == 0 || bytes + item.text.count <= Self.maximumBytes
            }.count
            let batch = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            state.underWay += 1
            return batch
        }
        guard !batch.isEmpty else { return }
        Task {
            await run(batch)
            state.withLock { $0.underWay -= 1 }
            startIfFree()
        }
    }

    /// Asks about a batch, and about each of its items alone where that may help.
    ///
    /// - Returns: the failure of a call that may have been one item's, or one of too many.
    @discardableResult private func run(_ batch: [Waiting]) async -> (any Error)? {
        do {
            let request = Godwit_V1_ExecuteManyRequest.with {
                $0.plugin = link.name
                $0.backup = text(of: batch[0].backup)
                $0.items = batch.map { Data($0.text) }
            }
            let answer = try await link.call("look at \(batch.count) items") { client, options in
                try await Godwit_V1_BackupItemAction.Client(wrapping: client).executeMany(request, options: options)
            }
            guard answer.outcomes.count == batch.count else {
                throw link.badAnswer(
                    "look at \(batch.count) items", "it gives \(answer.outcomes.count) answers for \(batch.count) items"
                )
            }
            for (waiting, outcome) in zip(batch, answer.outcomes) { waiting.answer.settle(result(outcome)) }
            return nil
        } catch {
            let mayBeOfOneItem = Self.mayBeOfOneItem(error)
            if batch.count > 1, mayBeOfOneItem {
                await runOneByOne(batch)
            } else {
                for waiting in batch { waiting.answer.settle(.failure(error)) }
            }
            return mayBeOfOneItem ? error : nil
        }
    }

    /// One bad item fails that item, not its neighbours. Where item after item fails, the program is to blame, and nobody
    /// waits for each of them as long as for one.
    private func runOneByOne(_ batch: [Waiting]) async {
        var failures = 0
        for (index, waiting) in batch.enumerated() {
            guard let failure = await run([waiting]) else {
                failures = 0
                continue
            }
            failures += 1
            if failures == Self.patience {
                for rest in batch[(index + 1)...] { rest.answer.settle(.failure(failure)) }
                return
            }
        }
    }

    /// Whether a call may have failed because of one of its items, or because they were too many.
    private static func mayBeOfOneItem(_ error: any Error) -> Bool {
        switch (RefusedCall.plain(error) as? PluginError)?.failure {
        case .died, .timedOut, .unreachable, .tooMuch, .badAnswer: true
        default: false
        }
    }

    private func result(_ outcome: Godwit_V1_ItemOutcome) -> Result<BackupActionCaller.Answer, any Error> {
        guard outcome.error.isEmpty else {
            return .failure(
                PluginError(
                    program: link.program.name, plugin: link.name, operation: "look at an item",
                    failure: .refused(
                        code: "failed", reason: String(outcome.error.printable.prefix(2000)), stack: [])))
        }
        return .success(
            BackupActionCaller.Answer(
                item: outcome.item, additionalItems: outcome.additionalItems, operation: outcome.operationID,
                postOperationItems: outcome.postOperationItems))
    }

    private func text(of backup: Backup) -> Data {
        state.withLock { state in
            if let known = state.backup, known.value == backup { return known.text }
            let text = Data(backup.json.serialized())
            state.backup = (backup, text)
            return text
        }
    }
}
