import Foundation
import GodwitModel
import GodwitPluginAPI
import PluginHost
import Testing

/// Items that a program cannot bear, among others that it can, and programs that answer nothing.
@Suite struct BadItemTests {
    private static func item(named name: String) throws -> Item {
        let text = KubernetesObject([
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name), "namespace": "default"],
        ]).serialized()
        return Item(
            bytes: text, metadata: try ItemMetadata(scanning: text), resource: GroupResource(resource: "configmaps"))
    }

    /// Runs a body with the action of a program.
    private func withAction(
        _ behaviour: String, log: LogBook = LogBook(), call: Duration = .seconds(60),
        _ body: (any BatchBackupItemAction) async throws -> Void
    ) async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: behaviour)
        try await withHost(of: programs, log: log) {
            $0.limits.call = call
        } _: { host in
            let loaded = try await host.load([.backupItemAction])
            let action = try #require(loaded.backupItemActions.first, "\(loaded.failures)")
            try await body(try #require(action as? any BatchBackupItemAction))
        }
    }

    /// Shows an action items, and gives what became of those on which it failed.
    private static func failures(
        of names: [String], _ action: any BatchBackupItemAction
    ) async throws -> [String: String] {
        let outcomes = try await action.begin(try names.map(item(named:)), backup: Backup(name: "b"))
        #expect(outcomes.count == names.count)
        var failures: [String: String] = [:]
        for (name, outcome) in zip(names, outcomes) {
            if case .failure(let error) = outcome { failures[name] = "\(error)" }
        }
        return failures
    }

    private func starts(in log: LogBook) -> Int { log.lines.count { $0.message.hasPrefix("about to misbehave") } }

    // MARK: - Crashes

    /// However many bad items there are, and whatever else is under way: by Godwit's service, many items in a call, and by
    /// Velero's, many calls.
    @Test(arguments: ["godwit-dies-of-one", "dies-of-one"])
    func itemsThatKillTheProgramFailAlone(behaviour: String) async throws {
        let log = LogBook()
        try await withAction(behaviour, log: log) { action in
            let lists = (0..<8).map { list in
                (0..<40).map { number in
                    let isBad = list % 2 == 0 && number == 10 + list || list == 5 && (number == 7 || number == 31)
                    return "\(isBad ? "poison" : "item")-\(list)-\(number)"
                }
            }
            let failures = try await withThrowingTaskGroup(of: [String: String].self) { group in
                for names in lists { group.addTask { try await Self.failures(of: names, action) } }
                return try await group.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
            }
            #expect(failures.keys.sorted() == lists.joined().filter { $0.hasPrefix("poison") }.sorted())
            for (name, reason) in failures { #expect(reason.contains("it died (signal 9)"), "\(name): \(reason)") }
            #expect(try await Self.failures(of: ["item"], action).isEmpty, "the program is not given up")
        }
        #expect(starts(in: log) > PluginLimits().restarts, "none of the crashes counts")
    }

    /// A call that dies alone is asked once more as well: the program may have died of another call before.
    @Test func aBadItemInACallOfItsOwnFails() async throws {
        try await withAction("godwit-dies-of-one") { action in
            let (bad, good) = (
                try await Self.failures(of: ["poison"], action), try await Self.failures(of: ["item"], action)
            )
            #expect(bad.count == 1 && good.isEmpty)
        }
    }

    // MARK: - Refusals

    /// A program may refuse a call because of one of its items. Such an answer costs no time, so nobody loses patience.
    @Test func itemsForWhichACallIsRefusedFailAlone() async throws {
        try await withAction("godwit-refuses-one") { action in
            let names = (0..<30).map { (10..<14).contains($0) ? "poison-\($0)" : "item-\($0)" }
            let failures = try await Self.failures(of: names, action)
            #expect(failures.keys.sorted() == names.filter { $0.hasPrefix("poison") })
            for reason in failures.values { #expect(reason.contains("not with this one"), "\(reason)") }
        }
    }

    // MARK: - Silence

    /// A program that never answers is not waited for once an item: it is ended, started once more, and given up.
    @Test(arguments: ["godwit-hangs", "hangs-in-call"])
    func aProgramThatHangsIsGivenUp(behaviour: String) async throws {
        let log = LogBook()
        try await withAction(behaviour, log: log, call: .seconds(3)) { action in
            let names = (0..<100).map { "item-\($0)" }
            #expect(try await Self.failures(of: names, action).count == names.count)
            let later = try await Self.failures(of: names, action)
            #expect(later.count == names.count)
            for reason in later.values {
                #expect(reason.contains("it hangs: twice it answered nothing within 3 s"), "\(reason)")
            }
        }
        #expect(starts(in: log) == 2)
        let calls = log.lines.count { $0.message.hasPrefix("asked about") }
        #expect(calls <= 4, "\(calls) calls")
    }

    /// What hangs is the item: the program, which answers about the one beside it, goes on.
    @Test(arguments: [0, 1]) func anItemThatHangsFailsAlone(place: Int) async throws {
        let log = LogBook()
        try await withAction("godwit-hangs-at-one", log: log, call: .seconds(3)) { action in
            var names = ["item"]
            names.insert("poison", at: place)
            let failures = try await Self.failures(of: names, action)
            #expect(failures.keys.sorted() == ["poison"])
            #expect(failures["poison"]?.contains("did not answer within 3 s") == true, "\(failures)")
            #expect(try await Self.failures(of: ["item"], action).isEmpty)
        }
        #expect(starts(in: log) == 2, "nothing was answered until the first call had timed out")
    }
}
