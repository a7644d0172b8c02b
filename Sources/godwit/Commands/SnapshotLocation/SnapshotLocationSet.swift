import ArgumentParser
import GodwitEngine
import GodwitPluginAPI

/// `godwit snapshot-location set`
struct SnapshotLocationSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Add a snapshot location, or change it.",
        discussion: """
            The configuration holds no credentials: they come from the environment, from the files of the provider, or
            from a file that it names. Example:
              godwit snapshot-location set main godwit.io/ebs --config region=eu-central-1,profile=backup
            """)

    @Argument(help: "The name of the location.")
    var name: String

    @Argument(help: "The plugin that takes the snapshots: see 'godwit plugin get'.")
    var provider: String

    @Option(help: ArgumentHelp("What the plugin is given: key=value,…", valueName: "configuration"))
    var config: [Mapping] = []

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let location = SnapshotLocation(
            name: name, provider: try Providers.snapshotter(named: provider).name,
            configuration: try config.dictionary(option: "--config"))
        _ = try await Providers.open(location)
        var book = try LocationBook(contentsOf: global.configurationPath)
        book.set(location)
        try book.write(to: global.configurationPath)
        Console.standard.print("snapshot location '\(name)' is of \(location.provider)")
    }
}
