import ArgumentParser
import GodwitEngine

/// `godwit snapshot-location delete`
struct SnapshotLocationDelete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Forget a snapshot location; the snapshots in it stay.")

    @Argument(help: "The name of the location.")
    var name: String

    @OptionGroup var global: GlobalOptions

    func run() throws {
        var book = try LocationBook(contentsOf: global.configurationPath)
        guard book.removeSnapshotLocation(name) else { throw UnknownSnapshotLocationError(name: name) }
        try book.write(to: global.configurationPath)
        Console.standard.print(
            "snapshot location '\(name)' deleted; its snapshots stay where they are, and backups that name it cannot be "
                + "restored from them")
    }
}
