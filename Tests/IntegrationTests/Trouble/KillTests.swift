import Foundation
import Glibc
import GodwitPluginAPI
import ProgramTestKit
import Testing

@testable import S3ObjectStore

/// kill -9 at random moments: a half backup is never listed, the next run of the same name succeeds, and what the dead run
/// left is told and removed.
@Suite(.serialized, .enabled(if: Testbed.isThere, Testbed.hint))
struct KillTests {
    enum Place: String, CaseIterable, CustomTestStringConvertible {
        case directory
        case bucket

        var testDescription: String { rawValue }

        func site() throws -> Site {
            let site = try Site("kill")
            guard self == .directory else { return site }
            return try Site("kill", storage: "file://\(site.workspace.makeFolder("store"))", in: site.workspace)
        }
    }

    static let backups = 12
    static let restores = 8

    @Test(arguments: Place.allCases) func backups(in place: Place) async throws {
        let site = try place.site()
        try await Load.with(site) { load in
            let options = ["--include-namespaces", load.namespace]
            var full = try await Self.duration { try await site.backUp("whole", options[0], options[1]) }
            var killed = 0
            var leftovers = 0
            for trial in 0..<Self.backups {
                let run = try site.start(["backup", "create", "k"] + options, on: .source)
                if trial % 2 == 0 {
                    run.signal(SIGKILL, after: full * Double.random(in: 0.05...0.9))
                } else {
                    // On a busy machine most of the time goes by before the first file is written.
                    try await waitForFiles(of: run, site)
                    run.signal(SIGKILL, after: full * Double.random(in: 0...0.3))
                }
                let result = await run.wait()
                let wasKilled = result.ending == .signalled(SIGKILL)
                // A machine that was busy during the first run is quicker now.
                if wasKilled { killed += 1 } else { full = full * 0.7 }
                leftovers += try await checkAfterKill(site, wasKilled: wasKilled)
                if trial % 4 == 3 { try await nextRunSucceeds(site, options) }
            }
            print("kill -9 (\(place)): \(killed) of \(Self.backups) backups killed, \(leftovers) left something behind")
            #expect(killed >= Self.backups / 3 && leftovers > 0)
            try await leftoversAreRemoved(site, options)
        }
        try await site.cleanUp()
    }

    /// What can be seen after the kill is nothing, or a leftover that is told as such, or a backup that is whole.
    ///
    /// - Returns: 1 if something was left behind.
    private func checkAfterKill(_ site: Site, wasKilled: Bool) async throws -> Int {
        let listing = try await site.godwit("backup", "get")
        #expect(listing.status == 0, "\(listing)")
        let isListed = listing.output.contains("\nk ")
        if isListed {
            let verify = try await site.godwit("backup", "verify", "k")
            #expect(verify.status == 0, "a listed backup is whole: \(verify)")
            let delete = try await site.godwit("backup", "delete", "k", "--confirm")
            #expect(delete.status == 0, "\(delete)")
            return 0
        }
        #expect(wasKilled, "a run that was not killed is listed: \(listing)")
        let hasFiles = try await !files(site, below: "backups/k/").isEmpty
        #expect(listing.errors.contains("left over from a run that died: 'k'") == hasFiles, "\(listing)")
        let restore = try await site.godwit(
            "restore", "create", "no", "--from-backup", "k", "--cluster", "dir:\(site.workspace.path("no"))")
        #expect(restore.status == 1 && restore.errors.contains("backup 'k'"), "\(restore)")
        return hasFiles ? 1 : 0
    }

    private func nextRunSucceeds(_ site: Site, _ options: [String]) async throws {
        let next = try await site.godwit(["backup", "create", "k"] + options, on: .source)
        #expect(next.status == 0, "\(next)")
        let verify = try await site.godwit("backup", "verify", "k")
        #expect(verify.status == 0, "\(verify)")
        #expect(try await files(site, below: "backups/k/").count == 6, "nothing of the dead runs is left")
        let delete = try await site.godwit("backup", "delete", "k", "--confirm")
        #expect(delete.status == 0, "\(delete)")
        try await expectNothing(site, below: "backups/k/")
    }

    private func leftoversAreRemoved(_ site: Site, _ options: [String]) async throws {
        var tries = 0
        repeat {
            let run = try site.start(["backup", "create", "k"] + options, on: .source)
            try await waitForFiles(of: run, site)
            run.signal(SIGKILL)
            _ = await run.wait()
            tries += 1
        } while try await files(site, below: "backups/k/").isEmpty && tries < 10
        let delete = try await site.godwit("backup", "delete", "k", "--confirm")
        #expect(delete.status == 0, "\(delete)")
        try await expectNothing(site, below: "backups/k/")
        let verify = try await site.godwit("backup", "verify", "whole")
        #expect(verify.status == 0, "what existed is as it was: \(verify)")
    }

    @Test(arguments: Place.allCases) func restores(in place: Place) async throws {
        let site = try place.site()
        try await Load.with(site) { load in
            try await site.backUp("b", "--include-namespaces", load.namespace)
            var full = try await Self.duration { try await site.restore("whole", from: "b", to: .destination) }
            try await site.kubectl(.destination, "delete", "namespace", load.namespace)
            var killed = 0
            for trial in 0..<Self.restores {
                let run = try site.start(["restore", "create", "r", "--from-backup", "b"], on: .destination)
                run.signal(SIGKILL, after: full * Double.random(in: 0.05...0.9))
                let wasKilled = await run.wait().ending == .signalled(SIGKILL)
                if wasKilled { killed += 1 } else { full = full * 0.7 }
                let listing = try await site.godwit("restore", "get", "-o", "name")
                #expect(listing.status == 0, "\(listing)")
                if listing.output.split(separator: "\n").contains("r") {
                    let describe = try await site.godwit("restore", "describe", "r", "--details")
                    #expect(describe.status == 0, "a listed restore is whole: \(describe)")
                    _ = try await site.godwit("restore", "delete", "r", "--confirm")
                } else {
                    #expect(wasKilled)
                }
                // Now and then from the beginning.
                if trial == Self.restores / 2 {
                    try await site.kubectl(.destination, "delete", "namespace", load.namespace, "--ignore-not-found")
                }
            }
            print("kill -9 (\(place)): \(killed) of \(Self.restores) restores killed")
            #expect(killed >= Self.restores / 3)
            let outcomes = try await site.restore("r", from: "b", to: .destination)
            #expect(outcomes["failed"] == nil, "\(outcomes)")
            #expect(try await Load.count(site, .destination, load.namespace) == Load.small + Load.large)
            #expect(try await files(site, below: "restores/r/").count == 4, "nothing of the dead runs is left")
        }
        try await site.cleanUp()
    }

    private static func duration(_ work: () async throws -> Void) async throws -> Duration {
        let begun = ContinuousClock.now
        try await work()
        return ContinuousClock.now - begun
    }

    /// Waits until a backup has written something, or has ended.
    private func waitForFiles(of run: RunningProgram, _ site: Site) async throws {
        while run.isRunning, try await files(site, below: "backups/k/").isEmpty {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Everything that stands below a key, unfinished uploads and temporary files included.
    private func files(_ site: Site, below key: String) async throws -> [String] {
        if site.storage.hasPrefix("file://") {
            return Workspace.files(below: site.workspace.path("store/\(key)"))
        }
        return try await Testbed.keys(below: "\(site.prefix)/\(key)")
    }

    private func expectNothing(_ site: Site, below key: String) async throws {
        #expect(try await files(site, below: key).isEmpty)
        guard !site.storage.hasPrefix("file://") else { return }
        #expect(try await Testbed.bucket().uploads(prefix: "\(site.prefix)/\(key)").isEmpty)
    }
}
