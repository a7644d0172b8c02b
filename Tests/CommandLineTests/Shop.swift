import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// The sample shop, and a store of files for its backups.
struct Shop {
    static let source = "dir:\(Checkout.path("samples/shop"))"

    let workspace: Workspace
    let storage: String

    /// - Parameter store: the name of the store's folder in the workspace.
    init(_ workspace: Workspace, store: String = "store") throws {
        self.workspace = workspace
        storage = "file://\(try workspace.makeFolder(store))"
    }

    /// The path of a stored file.
    func stored(_ key: String) -> String { String(storage.dropFirst("file://".count)) + "/" + key }

    @discardableResult
    func backedUp(_ name: String, _ options: String...) async throws -> Shop {
        let run = try await workspace.godwit(
            ["backup", "create", name, "--cluster", Self.source, "--storage", storage] + options)
        try #require(run.status == 0, "\(run)")
        return self
    }

    @discardableResult
    func restored(
        _ name: String, from backup: String = "b", to folder: String, _ options: String...
    ) async throws -> Shop {
        let run = try await restore(name, from: backup, to: folder, options)
        try #require(run.status == 0, "\(run)")
        return self
    }

    func restore(
        _ name: String, from backup: String = "b", to folder: String, _ options: [String] = []
    ) async throws -> ProgramResult {
        try await workspace.godwit(
            [
                "restore", "create", name, "--from-backup", backup, "--storage", storage, "--cluster",
                "dir:\(workspace.path(folder))",
            ] + options)
    }

    /// Runs a command on the store.
    func godwit(_ arguments: String...) async throws -> ProgramResult {
        try await workspace.godwit(arguments + ["--storage", storage])
    }

    /// The names of the listed backups.
    func listed() async throws -> [String] {
        let run = try await godwit("backup", "get", "-o", "name")
        try #require(run.status == 0, "\(run)")
        return run.output.split(separator: "\n").map(String.init)
    }
}
