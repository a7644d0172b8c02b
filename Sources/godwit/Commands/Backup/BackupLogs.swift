import ArgumentParser
import GodwitEngine

/// `godwit backup logs`
struct BackupLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "logs", abstract: "Print the log of a backup.")

    @Argument(help: "The backup.")
    var name: String

    @OptionGroup var storage: StorageOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let catalog = try await storage.catalog(global)
        let stored = try await catalog.backup(named: name)
        try await LogView(output.output).show(try await catalog.logs(of: stored))
    }
}
