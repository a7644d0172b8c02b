import ArgumentParser
import GodwitEngine
import GodwitPluginAPI

/// `godwit backup delete`
struct BackupDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a backup and the records of its restores, or what a dead run left under its name.")

    @Argument(help: "The backup.")
    var name: String

    @Option(help: ArgumentHelp("Do not ask.", valueName: "true|false"))
    var confirm = false

    @OptionGroup var storage: StorageOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let catalog = try await storage.catalog(global)
        try Confirmation.ask("Delete backup '\(name)' in \(catalog.store.description) for good?", confirm)
        let report = try await BackupDeleter(catalog: catalog).delete(backup: name)
        var line = "backup '\(name)' deleted"
        if !report.restores.isEmpty {
            line += ", and the records of its restores: \(report.restores.joined(separator: ", "))"
        }
        if report.snapshots > 0 {
            line +=
                ", and \(report.snapshots) \(report.snapshots == 1 ? "snapshot" : "snapshots") of volumes, whose room 'godwit repository prune' frees"
        }
        Console.standard.print(line)
        for warning in report.results.warnings.general { Console.standard.complain("warning: \(warning)") }
    }
}
