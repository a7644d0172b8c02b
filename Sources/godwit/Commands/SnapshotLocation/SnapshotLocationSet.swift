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

    // Velero's word, so the file goes by another one here.
    @Option(
        help: ArgumentHelp(
            "The configuration file.", discussion: "Default: ~/.config/godwit/config.json", valueName: "file"),
        completion: .file())
    var configFile: String?

    @Option(
        help: ArgumentHelp(
            "A directory of programs that are plugins; may stand more than once.",
            discussion: "Default: ~/.local/share/godwit/plugins and /plugins", valueName: "dir"),
        completion: .directory)
    var pluginDir: [String] = []

    func run() async throws {
        let places = PluginPlaces(directories: GlobalOptions.pluginDirectories(pluginDir), isVerbose: false)
        let location = SnapshotLocation(
            name: name, provider: try await Providers.snapshotter(named: provider, places).name,
            configuration: try config.dictionary(option: "--config"))
        _ = try await Providers.open(location, places)
        let path = GlobalOptions.configurationPath(configFile)
        var book = try LocationBook(contentsOf: path)
        book.set(location)
        try book.write(to: path)
        Console.standard.print("snapshot location '\(name)' is of \(location.provider)")
    }
}
