import Foundation
import Glibc

/// A folder of a test's own, in which it runs programs with an environment of their own; removed with the last reference.
///
/// Nothing of the person at the keyboard gets in: no kubeconfig, no credentials, no configuration file.
public final class Workspace: Sendable {
    /// The folder.
    public let folder: String
    /// The environment of the programs.
    public let environment: [String: String]

    /// Makes a workspace.
    ///
    /// - Parameter environment: variables to be added.
    public init(_ environment: [String: String] = [:]) throws {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        folder = "\(base)/godwit-test-\(UUID().uuidString.prefix(13).lowercased())"
        for name in ["", "/home", "/tmp", "/scratch"] {
            try FileManager.default.createDirectory(atPath: folder + name, withIntermediateDirectories: true)
        }
        var all = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder + "/home",
            "TMPDIR": folder + "/tmp", "LANG": "C.UTF-8",
        ]
        all.merge(environment) { _, new in new }
        self.environment = all
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// A path in the folder.
    public func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Makes a folder in the folder, and gives its path.
    @discardableResult
    public func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
        return path(name)
    }

    /// Writes a file in the folder, and gives its path.
    @discardableResult
    public func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: path(name), atomically: false, encoding: .utf8)
        return path(name)
    }

    /// Starts any program.
    public func start(
        program: String, _ arguments: [String], environment more: [String: String] = [:]
    ) throws -> RunningProgram {
        try RunningProgram(
            program, arguments, environment: environment.merging(more) { _, new in new }, folder: folder,
            scratch: path("scratch"))
    }

    /// Starts godwit.
    public func start(_ arguments: [String], environment: [String: String] = [:]) throws -> RunningProgram {
        try start(program: Checkout.godwit, arguments, environment: environment)
    }

    /// Runs godwit to its end.
    public func godwit(_ arguments: String..., environment: [String: String] = [:]) async throws -> ProgramResult {
        try await start(arguments, environment: environment).wait()
    }

    /// Runs godwit to its end.
    public func godwit(_ arguments: [String], environment: [String: String] = [:]) async throws -> ProgramResult {
        try await start(arguments, environment: environment).wait()
    }

    /// Runs a bash script to its end, with `set -euo pipefail`.
    public func bash(_ script: String, environment: [String: String] = [:]) async throws -> ProgramResult {
        try await start(
            program: "/bin/bash", ["-c", "set -euo pipefail\n" + script], environment: environment
        ).wait()
    }

    /// The files below a folder, as paths relative to it, sorted.
    public static func files(below folder: String) -> [String] {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return names.filter { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }

    /// Whether the tests run as root, who may mount file systems and is stopped by no permissions.
    public static var isRoot: Bool { geteuid() == 0 }
}
