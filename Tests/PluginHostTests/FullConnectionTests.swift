import GodwitModel
import GodwitPluginAPI
import PluginHost
import Testing

@testable import GodwitTestKit

/// Answers that fill the connection, many at once.
@Suite struct FullConnectionTests {
    private static let calls = 1600
    private static let parallel = 8

    private static func item(_ number: Int) -> KubernetesObject {
        KubernetesObject([
            "apiVersion": "batch/v1", "kind": "CronJob",
            "metadata": [
                "name": .string("item-\(number)"), "namespace": "default",
                "annotations": ["content": .string(String(repeating: "content ", count: 25_000))],
            ],
        ])
    }

    /// gRPC flushes the answer of a call when the stream ceases to be writable, or when it ends. One that is written when
    /// the stream is not writable because the whole connection is full was never flushed, and its call waited until its
    /// time was over: one of a thousand.
    @Test(.timeLimit(.minutes(15))) func noAnswerIsForgotten() async throws {
        let programs = try Programs()
        try programs.add("sample-quieten")
        try await withHost(of: programs) {
            $0.limits.call = .seconds(60)
        } _: { host in
            let action = try #require(try await host.load([.restoreItemAction]).restoreItemActions.first)
            let items = (0..<Self.parallel).map(Self.item)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for item in items {
                    group.addTask {
                        for _ in 0..<Self.calls / Self.parallel {
                            let outcome = try await action.execute(
                                item, original: item, context: SampleItems.Context())
                            guard case .restore(let changed, _, _) = outcome else {
                                Issue.record("\(outcome)")
                                return
                            }
                            #expect(changed[path: "spec", "suspend"] == true)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
