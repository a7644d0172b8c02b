import Foundation
import GodwitPluginSDK
import PluginHost

/// Measures what a call of an item action costs in process and out of process, one after the other and many at once.
///
/// It is its own plugin: started by a host it serves the action, started by a person it measures.
@main
enum PluginCalls {
    static let calls = 10_000
    /// Calls at the same time and items a call, as the engine makes them.
    static let parallel = 8
    static let batch = 50

    static func main() async throws {
        if ProcessInfo.processInfo.environment["VELERO_PLUGIN"] != nil {
            await PluginServer(backupItemActions: [Mark()]).run()
        }
        let item = sample
        let backup = Backup(name: "calls")
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let host = PluginHost(PluginHostOptions(directories: []))
        var loaded = LoadedPlugins()
        for plugin in try await host.plugins(ofProgram: path) { try await host.add(plugin, to: &loaded) }
        guard let outside = loaded.backupItemActions.first else { throw CocoaError(.featureUnsupported) }
        guard let many = outside as? any BatchBackupItemAction else { throw CocoaError(.featureUnsupported) }
        let inside = Mark()
        let text = item.serialized()
        let items = [Item](
            repeating: Item(
                bytes: text, metadata: try ItemMetadata(scanning: text), resource: GroupResource(resource: "secrets")),
            count: batch)
        let row: JSONValue = [
            "calls": .integer(Int64(calls)),
            "inProcess": try await microseconds { _ = try await inside.execute(item, backup: backup) },
            "outOfProcess": try await microseconds { _ = try await outside.execute(item, backup: backup) },
            "outOfProcessTogether": try await microseconds(parallel: parallel, itemsPerCall: batch) {
                for outcome in try await many.begin(items, backup: backup) { _ = try outcome.get() }
            },
        ]
        await host.stop()
        print(String(decoding: row.serialized(), as: UTF8.self))
    }

    /// Microseconds an item.
    static func microseconds(
        parallel: Int = 1, itemsPerCall: Int = 1, _ call: @escaping @Sendable () async throws -> Void
    ) async throws -> JSONValue {
        for _ in 0..<100 { try await call() }
        let begun = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<calls / itemsPerCall {
                if number >= parallel { try await group.next() }
                group.addTask { try await call() }
            }
            try await group.waitForAll()
        }
        let (seconds, attoseconds) = (ContinuousClock.now - begun).components
        let nanoseconds = (seconds * 1_000_000_000 + attoseconds / 1_000_000_000) / Int64(calls)
        return .number("\(Double(nanoseconds) / 1000)")
    }

    /// A Secret of 2 KiB.
    static var sample: KubernetesObject {
        KubernetesObject([
            "apiVersion": "v1", "kind": "Secret",
            "metadata": ["name": "sample", "namespace": "default", "labels": ["app": "sample"]],
            "data": ["content": .string(String(repeating: "c2FtcGxl", count: 256))],
        ])
    }
}

/// Changes the item, so that both directions carry it.
struct Mark: BackupItemAction {
    let name = "example.com/mark"
    let appliesTo = ResourceSelector()

    func execute(_ item: KubernetesObject, backup: Backup) async throws -> BackupItemOutcome {
        var item = item
        item.annotations["example.com/backed-up-by"] = backup.name
        return BackupItemOutcome(item: item)
    }
}
