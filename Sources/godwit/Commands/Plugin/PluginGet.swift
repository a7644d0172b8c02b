import ArgumentParser
import GodwitModel
import GodwitPluginAPI

/// `godwit plugin get`
struct PluginGet: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "List the plugins.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = Console.standard
        let plugins = Providers.plugins
        switch output.output {
        case .name: for plugin in plugins { console.print(plugin.name) }
        case .json, .yaml:
            let rows = plugins.map { plugin -> JSONValue in
                ["name": .string(plugin.name), "kind": .string(plugin.kind), "for": .string(plugin.purpose)]
            }
            try console.print(.array(rows), as: output.output)
        case .table:
            var table = Table("NAME", "KIND", "FOR")
            for plugin in plugins { table.add(plugin.name, plugin.kind, plugin.purpose) }
            console.print(table.rendered())
        }
    }
}
