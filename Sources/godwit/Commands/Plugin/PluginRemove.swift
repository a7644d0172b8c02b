import ArgumentParser
import Foundation
import GodwitModel
import PluginHost

/// `godwit plugin remove`
struct PluginRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a program, with all its plugins, from its plugin directory.")

    @Argument(help: "The name of one of its plugins, or of its file.")
    var name: String

    @Option(help: ArgumentHelp("Do not ask.", valueName: "true|false"))
    var confirm = false

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let (path, plugins) = try await find()
        let offered = plugins.isEmpty ? "" : ", which offers \(plugins.joined(separator: ", "))"
        try Confirmation.ask("Remove '\(path)'\(offered)?", confirm)
        // It must not run when its file goes.
        await ExternalPlugins.stop()
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw PluginDirectoryError(directory: (path as NSString).deletingLastPathComponent, cause: error)
        }
        Console.standard.print("'\(path)' removed")
    }

    /// By file name first: a program that cannot be started can be removed all the same.
    private func find() async throws -> (path: String, plugins: [String]) {
        let host = try ExternalPlugins.host(global)
        if let path = try host.programPaths().first(where: { ($0 as NSString).lastPathComponent == name }) {
            return (path, [])
        }
        var failures: [any Error] = []
        for (path, result) in try await host.listing() {
            switch result {
            case .success(let offered):
                if offered.contains(where: { $0.name == name }) { return (path, offered.map(\.name)) }
            case .failure(let error): failures.append(error)
            }
        }
        throw MissingPluginError.make(name, global.pluginDirectories, failures)
    }
}
