import Foundation
import GodwitPluginAPI
import PluginHost
import Testing

/// Programs that go wrong before, or while, they say what they offer.
@Suite struct HostileStartTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let behaviour: String
        /// What the error says.
        let words: [String]
        var isQuick = false

        init(_ behaviour: String, _ words: String..., isQuick: Bool = false) {
            self.behaviour = behaviour
            self.words = words
            self.isQuick = isQuick
        }

        var testDescription: String { behaviour }
    }

    static let cases = [
        Case("no-handshake", "did not say within 3 s where it listens", "about to misbehave", isQuick: true),
        Case("exits-at-once", "ended (exit code 3)", "the licence has expired"),
        Case("dies-at-once", "ended (signal 9)"),
        Case("dies-in-handshake", "no handshake", "1|2|un"),
        Case("garbage-line", "no handshake", "hello, I am a plugin"),
        Case("empty-line", "no handshake"),
        Case("binary-line", "no handshake"),
        Case("endless-line", "no handshake", "1|2|1|2|"),
        Case("wrong-core", "its core protocol is 2, not 1"),
        Case("wrong-version", "its plugin protocol is '1'; Godwit speaks 2"),
        Case("net-rpc", "does not speak gRPC but 'netrpc'"),
        Case("four-fields", "does not speak gRPC"),
        Case("wants-tls", "wants TLS"),
        Case("foreign-host", "'192.0.2.1' is not an address of this machine's loopback"),
        Case("foreign-name", "'localhost' is not an address of this machine's loopback"),
        Case("bad-port", "not of the form address:port"),
        Case("unknown-network", "nobody knows the network 'pigeon'"),
        Case("relative-socket", "cannot be the path of a socket"),
        Case("missing-socket", "No such file or directory"),
        Case("not-a-socket", "is not a socket"),
        Case("silent-server", "it is not healthy: it does not answer", isQuick: true),
        Case("unreachable-port", "it cannot be reached: 127.0.0.1:1"),
        Case("closes-stdout", "it closed its standard output"),
        Case("not-serving", "it is not healthy: it says of its health"),
        Case("no-health", "it is not healthy"),
        Case("no-plugins", "it offers no plugin"),
        Case("names-twice", "it names example.com/action twice"),
        Case("bad-name", "'no prefix' cannot be a plugin's name"),
        Case("many-plugins", "it offers 1000 plugins; 256 are the limit"),
        Case("dies-in-listing", "it died (signal 9)"),
    ]

    @Test(arguments: cases)
    func failsWithAReason(_ example: Case) async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: example.behaviour)
        try await withHost(of: programs) { options in
            if example.isQuick { options.limits.startup = .seconds(3) }
        } _: { host in
            let loaded = try await host.load(Set(PluginKind.allCases))
            let failure = try #require(loaded.failures.first as? PluginError, "\(loaded)")
            for word in example.words { #expect("\(failure)".contains(word), "\(failure)") }
            #expect("\(failure)".contains(example.behaviour), "the error names the program")
            #expect(loaded.backupItemActions.isEmpty)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
    func aSocketOfAnotherUserIsRefused() async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: "others-socket")
        try await withHost(of: programs) { host in
            let failure = try await host.load([.backupItemAction]).failures.first
            #expect("\(String(describing: failure))".contains("belongs to another user (65534)"))
        }
    }

    @Test func aBadSelectorIsTheActionsFailure() async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: "bad-selector")
        try await withHost(of: programs) { host in
            let loaded = try await host.load([.backupItemAction, .objectStore])
            #expect("\(String(describing: loaded.failures.first))".contains("cannot say which items it is for"))
            #expect(loaded.objectStores.map(\.name) == ["example.com/store"], "its other plugin is of use")
        }
    }

    @Test func anUnknownKindIsPassedOver() async throws {
        let programs = try Programs()
        let log = LogBook()
        try programs.add("hostile-plugin", as: "unknown-kind")
        try await withHost(of: programs, log: log) { host in
            let loaded = try await host.load(Set(PluginKind.allCases))
            #expect(loaded.failures.isEmpty)
            #expect(loaded.backupItemActions.map(\.name) == ["example.com/action"])
        }
        #expect(log.lines.contains { $0.level == .warning && $0.message.contains("'Teapot'") })
    }

    @Test func aBrokenProgramDoesNotKeepOthersFromBeingUsed() async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: "garbage-line")
        try programs.add("hostile-plugin", as: "good")
        try await withHost(of: programs) { host in
            let loaded = try await host.load([.backupItemAction])
            #expect(loaded.failures.count == 1)
            #expect(loaded.backupItemActions.count == 1)
        }
    }

    @Test func twoProgramsWithOnePluginAreTold() async throws {
        let programs = try Programs()
        try programs.add("hostile-plugin", as: "first")
        try programs.add("hostile-plugin", as: "second")
        try await withHost(of: programs) { host in
            let loaded = try await host.load([.backupItemAction])
            #expect(loaded.backupItemActions.count == 1)
            #expect("\(String(describing: loaded.failures.first))".contains("program 'first' offers it too"))
        }
    }

    @Test func filesThatAreNoProgramsAreRefusedOrPassedOver() async throws {
        let programs = try Programs()
        try "text".write(toFile: programs.directory + "/README", atomically: true, encoding: .utf8)
        let open = try programs.add(script: "#!/bin/sh\nsleep 100\n", as: "open")
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: open)
        try programs.add(script: "#!/no/such/interpreter\n", as: "uninterpretable")
        try await withHost(of: programs) { host in
            let failures = try await host.load([.backupItemAction]).failures.map { "\($0)" }
            #expect(failures.count == 2, "\(failures)")
            #expect(failures.contains { $0.contains("anyone may change") })
            #expect(failures.contains { $0.contains("could not be started") })
        }
    }
}
