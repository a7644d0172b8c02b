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
        guard let directory = global.pluginDirectories.first else { throw ValidationError("--plugin-dir is empty") }
        let target = (directory as NSString).appendingPathComponent((source as NSString).lastPathComponent)
        guard force || !FileManager.default.fileExists(atPath: target) else { throw ProgramExistsError(path: target) }
        let plugins = try await ExternalPlugins.host(global).plugins(ofProgram: source)
        try Self.install(source, as: target, in: directory)
        switch output.output {
        case .name: for plugin in plugins { console.print(plugin.name) }
        case .json, .yaml:
            let rows = plugins.map { plugin -> JSONValue in
                ["name": .string(plugin.name), "kind": .string(plugin.kind.rawValue), "program": .string(target)]
            }
            try console.print(.array(rows), as: output.output)
        case .table:
            for plugin in plugins { console.print("\(plugin.kind.rawValue) \(plugin.name) added") }
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

/// There is a program of that name.
struct ProgramExistsError: AdvisedError, UsageError {
    let path: String
    var summary: String { "'\(path)' exists" }
    var reason: String? { nil }
    var advice: String? { "replace it with --force, or remove it first with 'godwit plugin remove'" }
}
