import ArgumentParser
import Foundation
import Glibc
import GodwitModel
import GodwitPluginAPI
import PluginHost

/// `godwit plugin add`
struct PluginAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Put a program into the plugin directory, once it has shown that it is one of plugins.")

    @Argument(help: "The program's file.", completion: .file())
    var file: String

    @Option(help: ArgumentHelp("Replace a program of the same name.", valueName: "true|false"))
    var force = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let console = Console.standard
        let source = URL(fileURLWithPath: file).standardizedFileURL.path
        guard let directory = global.pluginDirectories.paths.first else {
            throw ValidationError("--plugin-dir is empty")
        }
        let name = (source as NSString).lastPathComponent
        let target = (directory as NSString).appendingPathComponent(name)
        guard force || !FileManager.default.fileExists(atPath: target) else { throw ProgramExistsError(path: target) }
        let host = try ExternalPlugins.host(global, creating: true)
        let plugins = try await host.plugins(ofProgram: source)
        for (path, result) in try await host.listing() where (path as NSString).lastPathComponent != name {
            try Self.check(plugins, against: result, of: path)
        }
        try Self.install(source, as: target, in: directory)
        switch output.output {
        case .name: for plugin in plugins { console.print(plugin.name) }
        case .json, .yaml:
            let rows = plugins.map { plugin -> JSONValue in
                var row: JSONValue = [
                    "name": .string(plugin.name), "kind": .string(plugin.kind.rawValue), "program": .string(target),
                ]
                if let replaced = plugin.replaced { row["inPlaceOf"] = .string(replaced) }
                return row
            }
            try console.print(.array(rows), as: output.output)
        case .table:
            for plugin in plugins {
                let place = plugin.replaced.map { "; under this name it takes the place of the built-in \($0)" } ?? ""
                console.print("\(plugin.kind.rawValue) \(plugin.name) added\(place)")
            }
        }
    }

    /// A plugin that two programs offer keeps one of them from being used at all.
    private static func check(
        _ plugins: [ExternalPlugin], against other: Result<[ExternalPlugin], any Error>, of path: String
    ) throws {
        // A program that cannot be used offers nothing; every backup and restore says so.
        guard case .success(let present) = other else { return }
        for plugin in plugins where present.contains(where: { $0.name == plugin.name && $0.kind == plugin.kind }) {
            throw PluginTakenError(name: plugin.name, kind: plugin.kind.rawValue, program: path)
        }
    }

    /// Copies the program under another name first, so that at no moment half of it stands there.
    private static func install(_ source: String, as target: String, in directory: String) throws {
        let unfinished = "\(directory)/.\((target as NSString).lastPathComponent).\(getpid())"
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: unfinished) }
            try FileManager.default.copyItem(atPath: (source as NSString).resolvingSymlinksInPath, toPath: unfinished)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: unfinished)
            guard rename(unfinished, target) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        } catch {
            throw PluginDirectoryError(directory: directory, cause: error)
        }
    }
}

/// Another program offers one of the plugins.
struct PluginTakenError: AdvisedError, UsageError {
    let name: String
    let kind: String
    let program: String
    var summary: String { "\(kind) '\(name)' is that of '\(program)' already" }
    var reason: String? { nil }
    var advice: String? { "remove it first with 'godwit plugin remove \((program as NSString).lastPathComponent)'" }
}

/// There is a program of that name.
struct ProgramExistsError: AdvisedError, UsageError {
    let path: String
    var summary: String { "'\(path)' exists" }
    var reason: String? { nil }
    var advice: String? { "replace it with --force, or remove it first with 'godwit plugin remove'" }
}
