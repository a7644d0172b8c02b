import ArgumentParser
import GodwitEngine

/// `godwit backup-location delete`
struct BackupLocationDelete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Forget a location; the backups in it stay.")

    @Argument(help: "The name of the location.")
    var name: String

    @OptionGroup var global: GlobalOptions

    func run() throws {
        var book = try LocationBook(contentsOf: global.configurationPath)
        guard book.remove(name) else { throw UnknownLocationError(name: name) }
        try book.write(to: global.configurationPath)
        Console.standard.print("backup location '\(name)' deleted; its backups stay where they are")
    }
}
