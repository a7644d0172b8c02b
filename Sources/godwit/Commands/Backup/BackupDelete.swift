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
        help: ArgumentHelp(
            "Delete it even if what belongs to it, such as a snapshot, stays behind.", valueName: "true|false"))
    var force = false

    @OptionGroup(title: "Cluster (for CSI snapshots)") var cluster: ClusterOptions
    @OptionGroup(title: "Storage") var storage: StorageOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let catalog = try await storage.catalog(global)
        try Confirmation.ask("Delete backup '\(name)' in \(catalog.store.description) for good?", confirm)
        let snapshots = try SnapshotLocations.configured(global, cluster: cluster)
        let external = try await ExternalPlugins.load([.deleteItemAction], global)
        for failure in external.failures { ErrorRenderer(Console.standard).render(failure) }
        guard external.failures.isEmpty || force else {
            throw BackupKeptError(name: name, reason: "a program whose plugins may have to clean up cannot be used")
        }
        let report = try await BackupDeleter(
            catalog: catalog, actions: external.deleteItemActions, snapshots: snapshots
        ).delete(backup: name, ignoringFailures: force)
        for warning in report.results.warnings.lines { Console.standard.complain("warning: \(warning)") }
        for error in report.results.errors.lines { Console.standard.complain("error: \(error)") }
        guard report.isDeleted else {
            throw BackupKeptError(
                name: name, reason: "what belongs to it could not be deleted, and would never be found again")
        }
        var line = "backup '\(name)' deleted"
        if !report.restores.isEmpty {
            line += ", and the records of its restores: \(report.restores.joined(separator: ", "))"
        }
        if report.snapshots > 0 {
            line +=
                ", and \(report.snapshots) \(report.snapshots == 1 ? "snapshot" : "snapshots") of volumes, whose room 'godwit repository prune' frees"
        }
        if report.storageSnapshots > 0 {
            let noun = report.storageSnapshots == 1 ? "snapshot" : "snapshots"
            line += ", and \(report.storageSnapshots) \(noun) that storages kept"
        }
        Console.standard.print(line)
        if !external.failures.isEmpty || !report.results.errors.lines.isEmpty { throw ExitStatus.partiallyFailed }
    }
}

/// Something that belongs to a backup could not be cleaned up.
struct BackupKeptError: AdvisedError {
    let name: String
    let reason: String?
    var summary: String { "backup '\(name)' was not deleted" }
    var advice: String? { "mend the cause and delete it again, or delete it all the same with --force" }
}
