import GodwitEngine
import ArgumentParser

/// `godwit restore logs`
struct RestoreLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "logs", abstract: "Print the log of a restore.")

    @Argument(help: "The restore.")
    var name: String

    @OptionGroup var storage: StorageOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let catalog = try await storage.catalog(global)
        let stored = try await catalog.restore(named: name)
        try await LogView(output.output).show(try await catalog.logs(of: stored))
    }
}
