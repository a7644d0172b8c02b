import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// A workspace with a prefix of the bucket of its own: what a person at a terminal would have.
struct Site {
    let workspace: Workspace
    let prefix: String
    let storage: String

    /// - Parameters:
    ///   - storage: a location other than the prefix of the bucket.
    ///   - workspace: one that is there already.
    init(_ name: String, storage: String? = nil, in workspace: Workspace? = nil) throws {
        self.workspace = try workspace ?? Workspace(Testbed.credentials)
        prefix = "integration/\(name)-\(Testbed.suffix())"
        self.storage = storage ?? Testbed.bucketURL(prefix)
    }

    /// Runs a command on the storage.
    func godwit(_ arguments: [String], on side: Testbed.Side? = nil) async throws -> ProgramResult {
        try await start(arguments, on: side).wait()
    }

    /// Runs a command on the storage.
    func godwit(_ arguments: String..., on side: Testbed.Side? = nil) async throws -> ProgramResult {
        try await godwit(arguments, on: side)
    }

    /// Starts a command on the storage.
    func start(_ arguments: [String], on side: Testbed.Side? = nil) throws -> RunningProgram {
        let cluster = side.map { ["--kubeconfig", $0.kubeconfig] } ?? []
        return try workspace.start(arguments + cluster + ["--storage", storage])
    }

    /// Backs up, which must succeed.
    @discardableResult
    func backUp(_ name: String, _ options: String..., from side: Testbed.Side = .source) async throws -> JSONValue {
        let run = try await godwit(["backup", "create", name, "-o", "json"] + options, on: side)
        try #require(run.status == 0, "\(run)")
        return try JSONValue(parsing: run.output)
    }

    /// Restores, which must succeed, and gives the number of items by outcome.
    @discardableResult
    func restore(
        _ name: String, from backup: String, _ options: String..., to side: Testbed.Side
    ) async throws -> [String: Int64] {
        let run = try await godwit(
            ["restore", "create", name, "--from-backup", backup, "-o", "json"] + options, on: side)
        guard run.status == 0 else {
            let details = try await godwit("restore", "describe", name, "--details")
            try #require(run.status == 0, "\(run)\n\(details)")
            return [:]
        }
        return try Self.outcomes(run)
    }

    static func outcomes(_ run: ProgramResult) throws -> [String: Int64] {
        try JSONValue(parsing: run.output)["outcomes"]?.object?.compactMapValues(\.integer) ?? [:]
    }

    /// The names of the listed backups.
    func listed() async throws -> [String] {
        let run = try await godwit("backup", "get", "-o", "name")
        try #require(run.status == 0, "\(run)")
        return run.output.split(separator: "\n").map(String.init)
    }

    /// Runs kubectl, which must succeed.
    @discardableResult
    func kubectl(_ side: Testbed.Side, _ arguments: String...) async throws -> String {
        let run = try await workspace.start(
            program: Testbed.value("KUBECTL"), ["--kubeconfig", side.kubeconfig] + arguments
        ).wait()
        try #require(run.status == 0, "\(run)")
        return run.output
    }

    /// Removes what was stored.
    func cleanUp() async throws { try await Testbed.removeAll(below: prefix + "/") }

    /// Runs a test with a site of its own, and cleans up.
    static func with(_ name: String, _ body: (Site) async throws -> Void) async throws {
        let site = try Site(name)
        try await ensuring {
            try await body(site)
        } afterwards: {
            try await site.cleanUp()
        }
    }
}

/// Does some work, and the rest whatever came of it.
func ensuring(_ work: () async throws -> Void, afterwards rest: () async throws -> Void) async throws {
    do {
        try await work()
    } catch {
        try? await rest()
        throw error
    }
    try await rest()
}

/// Asks again until the answer is yes.
func eventually(
    within limit: Duration = .seconds(180), _ what: Comment, _ question: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !question() {
        try #require(ContinuousClock.now < end, what)
        try await Task.sleep(for: .milliseconds(300))
    }
}
