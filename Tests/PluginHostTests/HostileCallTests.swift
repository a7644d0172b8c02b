import Foundation
import GodwitModel
import GodwitPluginAPI
import PluginHost
import Synchronization
import Testing

/// Programs that go wrong in a call.
@Suite struct HostileCallTests {
    static let item = KubernetesObject([
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "settings", "namespace": "default"],
    ])

    /// A behaviour and what the error says.
    static let cases: [(String, [String])] = [
        ("dies-in-call", ["it died (signal 9)", "about to misbehave"]),
        ("exits-in-call", ["it died (exit code 7)"]),
        ("hangs-in-call", ["it did not answer within 3 s"]),
        ("huge-message", ["it sent too much", "more than 32 MiB"]),
        ("many-items", ["it sent too much: 50000 items; 10000 are the limit"]),
        ("nameless-item", ["its answer makes no sense: it names an item without resource or name"]),
        ("escaping-item", ["its answer makes no sense: it names an item by what cannot be a name"]),
        ("invalid-json", ["its answer makes no sense: what it gives back is no item"]),
        ("not-an-object", ["its answer makes no sense: what it gives back is no item"]),
        ("other-item", ["asked about ConfigMap 'settings' and gives back another item: ConfigMap 'another'"]),
        ("refuses", ["the moon is in the wrong house", "(at oracle.go:42 Ask)"]),
        ("multi-line-error", ["first\u{FFFD}second"]),
        ("godwit-wrong-count", ["it gives 2 answers for 1 items"]),
        ("godwit-fails-item", ["not this one"]),
        ("godwit-both", ["its answer makes no sense: it gives back both an item and a patch"]),
        ("godwit-broken-patch", ["its answer makes no sense: what it gives back is no item"]),
        ("godwit-patch-of-nothing", ["its answer makes no sense: the patch that it gives back is no object"]),
        ("godwit-patches-the-name", ["gives back another item: ConfigMap 'another'"]),
        ("godwit-patches-all-away", ["gives back another item: ConfigMap ''"]),
    ]

    @Test(arguments: cases) func failsItsOwnCall(behaviour: String, words: [String]) async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: behaviour)
        try await withHost(of: programs) { options in
            options.limits.call = behaviour == "hangs-in-call" ? .seconds(3) : .seconds(60)
        } _: { host in
            let loaded = try await host.load([.backupItemAction])
            let action = try #require(loaded.backupItemActions.first, "\(loaded.failures)")
            do {
                let outcome = try await action.execute(Self.item, backup: Backup(name: "b"))
                Issue.record("it answers \(outcome)")
            } catch let error as PluginError {
                for word in words { #expect("\(error)".contains(word), "\(error)") }
                #expect(error.plugin == "example.com/action")
                #expect(error.program == behaviour)
            }
        }
    }

    /// The program is started again, and asked once more.
    @Test func aCrashIsNotTheEnd() async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: "dies-once")
        try await withHost(of: programs) { host in
            let action = try #require(try await host.load([.backupItemAction]).backupItemActions.first)
            let outcome = try await action.execute(Self.item, backup: Backup(name: "b"))
            #expect(outcome.item == nil, "unchanged")
        }
    }

    @Test func aPatternThatIsMalformedKeepsThePluginOutAlone() async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: "bad-pattern")
        try await withHost(of: programs) { host in
            let loaded = try await host.load([.backupItemAction, .objectStore])
            #expect(loaded.backupItemActions.isEmpty && loaded.objectStores.count == 1)
            #expect("\(loaded.failures)".contains("say which items it is for"), "\(loaded.failures)")
        }
    }

    @Test func whatCrashesAllTheTimeIsGivenUp() async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: "dies-in-call")
        try await withHost(of: programs) {
            $0.limits.restarts = 2
        } _: { host in
            let action = try #require(try await host.load([.backupItemAction]).backupItemActions.first)
            var last = ""
            for _ in 0..<5 {
                do {
                    _ = try await action.execute(Self.item, backup: Backup(name: "b"))
                } catch {
                    last = "\(error)"
                }
            }
            #expect(last.contains("crashed 3 times in a short while and is not started again"), "\(last)")
        }
    }

    @Test(arguments: ["chatty-stderr", "chatty-stdout", "long-log-line", "control-characters"])
    func chatterHarmsNobody(behaviour: String) async throws {
        let programs = try Programs()
        let longest = Mutex(0)
        let count = Mutex(0)
        let isClean = Mutex(true)
        try programs.add("hostile-plugin", as: behaviour)
        try await withHost(of: programs) { options in
            options.log = { line in
                count.withLock { $0 += 1 }
                longest.withLock { $0 = max($0, line.message.utf8.count) }
                if line.message.utf8.contains(where: { $0 < 0x20 }) { isClean.withLock { $0 = false } }
            }
        } _: { host in
            let action = try #require(try await host.load([.backupItemAction]).backupItemActions.first)
            for _ in 0..<10 { _ = try await action.execute(Self.item, backup: Backup(name: "b")) }
        }
        #expect(count.withLock { $0 } > 0)
        #expect(longest.withLock { $0 } <= PluginLimits().logLine + 3)
        #expect(isClean.withLock { $0 })
    }

    @Test func aCallThatIsCancelledEnds() async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: "hangs-in-call")
        try await withHost(of: programs) { host in
            let action = try #require(try await host.load([.backupItemAction]).backupItemActions.first)
            let task = Task { try await action.execute(Self.item, backup: Backup(name: "b")) }
            try await Task.sleep(for: .milliseconds(300))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
