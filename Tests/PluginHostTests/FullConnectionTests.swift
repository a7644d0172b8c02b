import GodwitModel
import GodwitPluginAPI
import PluginHost
import Testing

/// Answers that fill the connection, many at once.
@Suite struct FullConnectionTests {
    private static let calls = 600
    private static let parallel = 8

    private static func item(_ number: Int) throws -> Item {
        let object = KubernetesObject([
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": ["name": .string("item-\(number)"), "namespace": "default"],
            "data": ["content": .string(String(repeating: "content ", count: 25_000))],
        ])
        let text = object.serialized()
        return Item(
            bytes: text, metadata: try ItemMetadata(scanning: text), resource: GroupResource(resource: "configmaps"))
    }

    /// gRPC flushes the answer of a call when the stream ceases to be writable, or when it ends. One that is written when
    /// the stream is not writable because the whole connection is full was never flushed, and its call waited until its
    /// time was over: one of a thousand.
    @Test(.timeLimit(.minutes(5))) func noAnswerIsForgotten() async throws {
        let programs = try Programs()
        try programs.add("sample-quieten")
        try await withHost(of: programs) {
            $0.limits.call = .seconds(60)
        } _: { host in
            let action = try #require(try await host.load([.backupItemAction]).backupItemActions.first)
            let many = try #require(action as? any BatchBackupItemAction)
            let items = try (0..<Self.parallel).map(Self.item)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for item in items {
                    group.addTask {
                        for _ in 0..<Self.calls / Self.parallel {
                            for outcome in try await many.begin([item], backup: Backup(name: "b")) {
                                let changed = try #require(try outcome.get().item)
                                #expect(changed.metadata.annotations["example.com/backed-up-by"] == "b")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
