import Foundation
import GodwitModel
import GodwitPluginAPI
@testable import PluginHost
import Testing

/// Programs come and go with their host.
@Suite struct LifetimeTests {
    private static func isAlive(_ process: Int32) -> Bool { kill(process, 0) == 0 || errno == EPERM }

    /// A process that has ended is gone once its parent, or init, has taken leave of it.
    private static func isGone(_ process: Int32) async throws -> Bool {
        for _ in 0..<200 {
            if !isAlive(process) { return true }
            let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
            if status.contains(") Z ") { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    @Test(arguments: ["good", "no-controller", "hangs-at-shutdown", "ignores-term"])
    func aProgramEndsWithItsHost(behaviour: String) async throws {
        let programs = try Programs()
        let path = try programs.add("hostile-plugin", as: behaviour)
        let process = try await withHost(of: programs) { host in
            _ = try await host.plugins(ofProgram: path)
            return try await host.program(at: path).connection().process.id
        }
        #expect(try await Self.isGone(process))
    }

    @Test func whatAProgramStartedEndsWithIt() async throws {
        let programs = try Programs()
        let log = LogBook()
        let path = try programs.add("hostile-plugin", as: "forks-child")
        try await withHost(of: programs, log: log) { host in _ = try await host.plugins(ofProgram: path) }
        let line = try #require(log.lines.first { $0.message.hasPrefix("child ") })
        let child = try #require(Int32(line.message.dropFirst(6)))
        #expect(try await Self.isGone(child))
    }

    @Test func oneProcessServesAllPluginsOfAProgram() async throws {
        let programs = try Programs()
        let path = try programs.add("hostile-plugin", as: "good")
        try await withHost(of: programs) { host in
            let first = try await host.program(at: path).connection().process.id
            _ = try await host.load(Set(PluginKind.allCases))
            #expect(try await host.program(at: path).connection().process.id == first)
        }
    }

    /// That somebody was interrupted says nothing of the program's health.
    @Test func anInterruptedCallerDoesNotEndAProgram() async throws {
        let programs = try Programs()
        let path = try programs.add("hostile-plugin", as: "good")
        try await withHost(of: programs) {
            $0.limits.quiet = .zero
        } _: { host in
            let process = try await host.program(at: path).connection().process
            let interrupted = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await host.program(at: path).connection()
            }
            _ = await interrupted.result
            #expect(process.end.current == nil)
            #expect(try await host.program(at: path).connection().process.id == process.id)
        }
    }

    @Test func nothingStartsAfterTheHostHasStopped() async throws {
        let programs = try Programs()
        let path = try programs.add("hostile-plugin", as: "good")
        let host = PluginHost(PluginHostOptions(directories: [programs.directory]))
        await host.stop()
        await #expect(throws: PluginError.self) { _ = try await host.plugins(ofProgram: path) }
    }

    /// Velero's protocol has one configuration a process.
    @Test func aSecondConfigurationGetsAProcessOfItsOwn() async throws {
        let programs = try Programs()
        try programs.add("sample-shelf")
        let (one, two) = (programs.directory + "/.one", programs.directory + "/.two")
        try await withHost(of: programs) { host in
            let provider = try #require(try await host.load([.objectStore]).objectStores.first)
            let first = try await provider.open(StorageLocation(parsing: "plugin://example.com/shelf/b?root=\(one)"))
            let second = try await provider.open(StorageLocation(parsing: "plugin://example.com/shelf/b?root=\(two)"))
            try await first.store.put("key", .bytes([1]), options: PutOptions())
            #expect(try await second.store.stat("key") == nil)
            #expect(try await first.store.stat("key")?.size == 1)
        }
    }

    @Test func aStoreIsConfiguredAgainAfterACrash() async throws {
        let programs = try Programs()
        let path = try programs.add("sample-shelf")
        try await withHost(of: programs) { host in
            let provider = try #require(try await host.load([.objectStore]).objectStores.first)
            let root = programs.directory + "/.root"
            let store = try await provider.open(
                StorageLocation(parsing: "plugin://example.com/shelf/b?root=\(root)")
            ).store
            try await store.put("key", .bytes([1, 2, 3]), options: PutOptions())
            let process = try await host.program(at: path).connection().process
            process.signal(SIGKILL)
            _ = try await process.end.value()
            #expect(try await store.stat("key")?.size == 3)
        }
    }

    @Test func theEnvironmentIsChosen() throws {
        let environment = PluginEnvironment(
            inherited: [
                "PATH": "/bin", "AWS_PROFILE": "backup", "GODWIT_REPOSITORY_PASSWORD": "secret", "SSH_AUTH_SOCK": "/s",
                "COLOUR": "red", "GODWIT_PLUGIN_ENVIRONMENT": "COLOUR, GODWIT_REPOSITORY_PASSWORD",
            ], socketDirectory: "/d"
        ).variables
        #expect(environment["PATH"] == "/bin")
        #expect(environment["AWS_PROFILE"] == "backup")
        #expect(environment["COLOUR"] == "red", "it was asked for")
        #expect(environment["GODWIT_REPOSITORY_PASSWORD"] == nil, "Godwit's own are never passed on")
        #expect(environment["SSH_AUTH_SOCK"] == nil)
        #expect(environment["VELERO_PLUGIN"] == "hello")
        #expect(environment["PLUGIN_PROTOCOL_VERSIONS"] == "2")
        #expect(environment["PLUGIN_MIN_PORT"] != nil && environment["PLUGIN_MAX_PORT"] != nil)
    }
}
