import ArgumentParser
import GodwitEngine
import GodwitPluginAPI

/// `godwit backup-location set`
struct BackupLocationSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Add a location, or change it.",
        discussion: """
            The URL holds no credentials: they come from the environment, from the files of the provider, or from a
            file that the URL names. Examples:
              godwit backup-location set local file:///var/backups/godwit
              godwit backup-location set main 's3://backups/prod?region=eu-central-1&profile=backup' --default
              godwit backup-location set shelf plugin://example.com/shelf/bucket/prefix
            """)

    @Argument(help: "The name of the location.")
    var name: String

    @Argument(help: "Where it is: file:///directory, s3://bucket/prefix?…")
    var url: String

    @Option(help: ArgumentHelp("Take this location when none is named.", valueName: "true|false"))
    var `default` = false

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let location = try StorageLocation(parsing: url)
        _ = try await Providers.open(location, global)
        var book = try LocationBook(contentsOf: global.configurationPath)
        book.set(name, to: location, asDefault: `default`)
        try book.write(to: global.configurationPath)
        let remark = book.defaultName == name ? " (default)" : ""
        Console.standard.print("backup location '\(name)' is \(location)\(remark)")
    }
}
