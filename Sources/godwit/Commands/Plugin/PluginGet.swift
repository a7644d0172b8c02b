import ArgumentParser
import Foundation
import GodwitModel
import GodwitPluginAPI
import PluginHost

/// `godwit plugin get`
struct PluginGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "List the plugins: those that are built in, and those of programs.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let console = Console.standard
        var plugins = Providers.plugins
        var failures: [any Error] = []
        for (path, result) in try await ExternalPlugins.host(global).listing() {
            switch result {
            case .success(let offered):
                plugins += offered.map {
                    Providers.Plugin(
                        name: $0.name, kind: $0.kind.rawValue, purpose: Self.purpose($0), program: path)
                }
            case .failure(let error): failures.append(error)
            }
        }
        Self.addNames(to: &plugins)
        switch output.output {
        case .name: for plugin in plugins { console.print(plugin.name) }
        case .json, .yaml:
            let rows = plugins.map { plugin -> JSONValue in
                var row: JSONValue = [
                    "name": .string(plugin.name), "kind": .string(plugin.kind), "for": .string(plugin.purpose),
                ]
                if let program = plugin.program { row["program"] = .string(program) }
                return row
            }
            try console.print(.array(rows), as: output.output)
        case .table:
            var table = Table("NAME", "KIND", "PROGRAM", "FOR")
            for plugin in plugins {
                table.add(
                    plugin.name, plugin.kind, plugin.program.map { ($0 as NSString).lastPathComponent } ?? "built in",
                    plugin.purpose)
            }
            console.print(table.rendered())
        }
        try console.report(failures)
    }

    /// What a program's plugin is for; which items an action wants is not asked just for a list.
    private static func purpose(_ plugin: ExternalPlugin) -> String {
        if let replaced = plugin.replaced { return "in place of \(replaced), under this name" }
        return plugin.kind == .objectStore ? "\(PluginLocation.scheme)://\(plugin.name)/…" : ""
    }

    /// Says which of Velero's names a built-in snapshotter goes by, as long as no program has them.
    private static func addNames(to plugins: inout [Providers.Plugin]) {
        let kind = PluginKind.volumeSnapshotter.rawValue
        let taken = Set(plugins.filter { $0.program != nil && $0.kind == kind }.map(\.name))
        for index in plugins.indices where plugins[index].program == nil {
            let names = Providers.velerosNames(of: plugins[index].name).filter { !taken.contains($0) }
            if !names.isEmpty { plugins[index].purpose += "; also as \(names.joined(separator: ", "))" }
        }
    }
}
