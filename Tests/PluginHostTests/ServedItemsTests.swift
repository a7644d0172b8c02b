import Foundation
import GodwitModel
import GodwitPluginAPI
@testable import GodwitPluginSDK
import PluginProtocol
import Synchronization
import Testing

/// How a program made with the SDK works on the items of a call.
@Suite struct ServedItemsTests {
    private struct Action: BackupItemAction {
        let name = "example.com/action"
        let appliesTo = ResourceSelector()
        let look: @Sendable (String) async throws -> Void

        func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
            try await look(item.name)
            var changed = item
            changed.annotations["example.com/seen"] = item.name
            return BackupItemOutcome(item: changed)
        }
    }

    private func outcomes(
        of names: [String], _ look: @escaping @Sendable (String) async throws -> Void
    ) async throws -> [Godwit_V1_ItemOutcome] {
        let action = Action(look: look)
        var request = Godwit_V1_ExecuteManyRequest()
        request.plugin = action.name
        request.items = names.map { name in
            Data(
                KubernetesObject([
                    "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)],
                ]).serialized())
        }
        return try await GodwitBackupItemActionService(actions: [action.name: action]).answer(to: request).outcomes
    }

    private func seen(_ outcome: Godwit_V1_ItemOutcome) throws -> String? {
        guard outcome.error.isEmpty else { return nil }
        return try KubernetesObject(parsing: Array(outcome.item)).annotations["example.com/seen"]
    }

    @Test func anItemWhoseActionCancelsFailsAlone() async throws {
        let outcomes = try await outcomes(of: ["a", "b", "c"]) { if $0 == "b" { throw CancellationError() } }
        #expect(try outcomes.map(seen) == ["a", nil, "c"])
        #expect(outcomes[1].error == "cancelled")
    }

    @Test func aCallThatIsCancelledEnds() async throws {
        let begun = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await outcomes(of: ["a", "b"]) { _ in
                begun.continuation.yield()
                try await Task.sleep(for: .seconds(1000))
            }
        }
        for await _ in begun.stream { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func soManyItemsAreLookedAtAtATimeAndNoMore() async throws {
        let limit = GodwitBackupItemActionService.parallel
        let running = Mutex((now: 0, most: 0))
        let names = (0..<200).map { "item-\($0)" }
        let outcomes = try await outcomes(of: names) { _ in
            running.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            // Until as many as may have come.
            for _ in 0..<5000 where running.withLock({ $0.most < limit }) {
                try await Task.sleep(for: .milliseconds(1))
            }
            running.withLock { $0.now -= 1 }
        }
        #expect(running.withLock { $0.most } == limit)
        #expect(try outcomes.map(seen) == names)
    }
}
