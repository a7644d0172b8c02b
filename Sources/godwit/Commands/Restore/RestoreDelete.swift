import GodwitPluginAPI
import GodwitEngine
import ArgumentParser

/// `godwit restore delete`
struct RestoreDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete the record of a restore; the restored objects stay.")

    @Argument(help: "The restore.")
    var name: String

    @Option(help: ArgumentHelp("Do not ask.", valueName: "true|false"))
    var confirm = false

    @OptionGroup var storage: StorageOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let catalog = try await storage.catalog(global)
        try Confirmation.ask("Delete the record of restore '\(name)' in \(catalog.store.description)?", confirm)
        try await catalog.deleteRestore(named: name)
        Console.standard.print("record of restore '\(name)' deleted; what it restored stays")
    }
}
