import ArgumentParser
import GodwitEngine
import GodwitModel
import GodwitPluginAPI
import PluginHost

/// `godwit backup delete`
struct BackupDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a backup and the records of its restores, or what a dead run left under its name.")

    @Argument(help: "The backup.")
    var name: String

    @Option(help: ArgumentHelp("Do not ask.", valueName: "true|false"))
    var confirm = false

    @Option(
        help: ArgumentHelp("Delete it also when plugins cannot clean up what belongs to it.", valueName: "true|false"))
    var force = false

    @OptionGroup var storage: StorageOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let catalog = try await storage.catalog(global)
        try Confirmation.ask("Delete backup '\(name)' in \(catalog.store.description) for good?", confirm)
        let external = try await ExternalPlugins.load([.deleteItemAction], global)
        if let failure = external.failures.first, !force { throw failure }
        let report = try await BackupDeleter(catalog: catalog, actions: external.deleteItemActions)
            .delete(backup: name, ignoringFailures: force)
        let errors = report.results.errors
        for error in errors.general + errors.cluster
            + errors.namespaces.sorted(by: { $0.key < $1.key }).flatMap(\.value)
        { Console.standard.complain("error: \(error)") }
        guard report.isDeleted else { throw BackupNotDeletedError(name: name) }
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

/// Plugins could not clean up, so the backup stays: what belongs to it would never be found again.
struct BackupNotDeletedError: AdvisedError {
    let name: String
    var summary: String { "backup '\(name)' was not deleted" }
    var reason: String? { "plugins could not clean up what belongs to it" }
    var advice: String? { "try again, or delete it with --force and clean up by hand" }
}
