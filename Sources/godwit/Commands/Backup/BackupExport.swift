import ArgumentParser
import GodwitEngine
import GodwitModel
import GodwitPluginAPI

/// `godwit backup export`
struct BackupExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Copy a backup into another location, in another format if you like.",
        discussion: "Every item is checked against its checksum on the way.")

    @Argument(help: "The backup.")
    var name: String

    @Option(help: ArgumentHelp("Where to: a URL.", valueName: "url"))
    var to: String

    @Option(help: ArgumentHelp("godwit or velero.", valueName: "format"))
    var format: BackupFormat

    @Option(name: .customLong("as"), help: ArgumentHelp("The name of the copy (default: the same).", valueName: "name"))
    var newName: String?

    @OptionGroup var storage: StorageOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let console = Console.standard
        let source = try await storage.catalog(global)
        let target = BackupCatalog(store: try await StorageOptions.store(StorageLocation(parsing: to), global))
        let view = ProgressView(
            console, verb: "exporting", showsDebug: global.verbose, isQuiet: output.output != .table)
        let report = try await view.during {
            try await BackupExporter(from: source, to: target).export(
                name, as: newName, format: format, observer: view.observer)
        }
        let copy = report.backup
        switch output.output {
        case .name: console.print(copy.name)
        case .json, .yaml: try console.print(copy.json, as: output.output)
        case .table:
            console.print(
                "backup '\(name)' exported to \(target.store.description) as '\(copy.name)' (\(format.rawValue)): "
                    + "\(copy.status.itemsBackedUp) items")
        }
        if report.results.errors.count > 0 { throw ExitStatus.partiallyFailed }
    }
}
