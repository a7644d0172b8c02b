import Foundation
import Glibc
import ProgramTestKit
import Testing

/// An S3 server that fails at every request in turn, seen from the command line: the run tries again, or ends with a clear
/// error; nothing half is listed; the next run works.
@Suite(.serialized, .enabled(if: Testbed.isThere, Testbed.hint))
struct FaultyStoreTests {
    private static let faults: [FaultyProxy.Fault] = [.refuse, .reset, .loseAnswer, .truncate, .slowDown]

    private static func proxy() throws -> FaultyProxy {
        let endpoint = Testbed.value("RADOSGW_ENDPOINT")
        return try FaultyProxy(to: try #require(endpoint.split(separator: ":").last.flatMap { UInt16($0) }))
    }

    private static let source = ["--cluster", "dir:\(Checkout.path("samples/shop"))"]

    /// A site whose storage is behind a proxy.
    private static func with(
        _ name: String, _ body: (_ direct: Site, _ spoiled: Site, FaultyProxy) async throws -> Void
    ) async throws {
        let proxy = try proxy()
        try await Site.with(name) { site in
            let url = Testbed.bucketURL(site.prefix, endpoint: proxy.server.url)
            try await body(site, try Site(name, storage: url, in: site.workspace), proxy)
        }
    }

    @Test(arguments: faults) func everyRequestOfABackupInTurn(_ fault: FaultyProxy.Fault) async throws {
        try await Self.with("faulty") { direct, spoiled, proxy in
            proxy.arm(nil)
            let sound = try await spoiled.godwit(["backup", "create", "sound"] + Self.source)
            try #require(sound.status == 0, "\(sound)")
            let count = proxy.requestCount
            #expect(count >= 8)
            var succeeded: Set<String> = ["sound"]
            for victim in 0..<count {
                proxy.arm(fault, at: victim)
                let name = "b\(victim)"
                let run = try await spoiled.godwit(["backup", "create", name] + Self.source)
                if run.status == 0 {
                    succeeded.insert(name)
                } else {
                    #expect(run.status == 1 && run.errors.contains("error:"), "\(fault) at \(victim): \(run)")
                }
            }
            // One passing fault is never the end of a run.
            #expect(succeeded.count == count + 1, "\(fault): \(succeeded.count - 1) of \(count) succeeded")
            #expect(Set(try await direct.listed()) == succeeded)
            let last = try await direct.godwit("backup", "verify", "b\(count - 1)")
            #expect(last.status == 0, "\(last)")
            #expect(
                try await Testbed.keys(below: direct.prefix + "/").count == 6 * succeeded.count, "nothing is left over")
        }
    }

    @Test(arguments: faults) func everyRequestOfARestoreInTurn(_ fault: FaultyProxy.Fault) async throws {
        try await Self.with("faulty") { direct, spoiled, proxy in
            let backup = try await direct.godwit(["backup", "create", "b"] + Self.source)
            try #require(backup.status == 0, "\(backup)")
            func restore(_ name: String) async throws -> ProgramResult {
                let target = "dir:\(direct.workspace.path(name))"
                return try await spoiled.godwit("restore", "create", name, "--from-backup", "b", "--cluster", target)
            }
            proxy.arm(nil)
            let sound = try await restore("sound")
            try #require(sound.status == 0, "\(sound)")
            let count = proxy.requestCount
            let expected = Workspace.files(below: direct.workspace.path("sound"))
            for victim in 0..<count {
                proxy.arm(fault, at: victim)
                let run = try await restore("r\(victim)")
                #expect(run.status == 0, "\(fault) at \(victim) of \(count): \(run)")
                #expect(Workspace.files(below: direct.workspace.path("r\(victim)")) == expected)
            }
        }
    }

    @Test(arguments: [FaultyProxy.Fault.slowDown, .refuse], [0, 3, 7])
    func aServerThatStaysDown(_ fault: FaultyProxy.Fault, from request: Int) async throws {
        try await Self.with("down") { direct, spoiled, proxy in
            try await direct.godwit(["backup", "create", "before"] + Self.source).expectSuccess()
            proxy.arm(fault, at: request, isLasting: true)
            let run = try await spoiled.godwit(["backup", "create", "b"] + Self.source)
            #expect(run.status == 1, "\(run)")
            #expect(run.errors.contains("error:") && run.errors.contains("next:"), "\(run)")
            proxy.arm(nil)
            #expect(try await direct.listed() == ["before"])
            // The dead run is told, and the next one cleans up after it.
            try await direct.godwit(["backup", "create", "b"] + Self.source).expectSuccess()
            #expect(try await Testbed.keys(below: direct.prefix + "/backups/b/").count == 6)
            try await direct.godwit("backup", "verify", "before").expectSuccess()
        }
    }

    /// ctrl-C while a request hangs: the run stops, cleans up, and says so.
    @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
    func aSignalInTheMiddle(_ signal: Int32, status: Int32) async throws {
        try await Self.with("signal") { direct, spoiled, proxy in
            proxy.arm(nil)
            try await spoiled.godwit(["backup", "create", "sound"] + Self.source).expectSuccess()
            let count = proxy.requestCount
            for victim in [1, count / 2, count - 2] {
                proxy.arm(.stall, at: victim)
                let run = try spoiled.start(["backup", "create", "b"] + Self.source)
                try await eventually("request \(victim) begins") { proxy.requestCount > victim || !run.isRunning }
                run.signal(signal)
                let result = await run.wait(limit: .seconds(60))
                #expect(result.status == status, "stalled at \(victim) of \(count): \(result)")
                #expect(result.errors.contains("interrupted"), "\(result)")
                proxy.arm(nil)
                #expect(try await direct.listed() == ["sound"])
                #expect(
                    try await Testbed.keys(below: direct.prefix + "/backups/b/").isEmpty, "at \(victim) of \(count)")
            }
        }
    }
}

extension ProgramResult {
    /// Fails the test unless the program succeeded.
    func expectSuccess(sourceLocation: SourceLocation = #_sourceLocation) throws {
        try #require(status == 0, "\(self)", sourceLocation: sourceLocation)
    }
}
