import ArgumentParser
import GodwitEngine
import GodwitModel

/// `godwit backup-location get`
struct BackupLocationGet: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "List the locations.")

    @Argument(help: "Only this one.")
    var name: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let book = try LocationBook(contentsOf: global.configurationPath)
        let entries = book.entries.filter { name == nil || $0.name == name }
        if let name, entries.isEmpty { throw UnknownLocationError(name: name) }
        let console = Console.standard
        switch output.output {
        case .name: for entry in entries { console.print(entry.name) }
        case .json, .yaml:
            let rows = entries.map { entry -> JSONValue in
                [
                    "name": .string(entry.name), "url": .string("\(entry.location)"),
                    "default": .bool(entry.isDefault),
                ]
            }
            try console.print(.array(rows), as: output.output)
        case .table:
            guard !entries.isEmpty else {
                console.complain("no backup locations; add one with 'godwit backup-location set NAME URL'")
                return
            }
            var table = Table("NAME", "DEFAULT", "URL")
            for entry in entries { table.add(entry.name, entry.isDefault ? "true" : "", "\(entry.location)") }
            console.print(table.rendered())
        }
    }
}

/// A location that nobody has named.
struct UnknownLocationError: AdvisedError, UsageError {
    let name: String
    var summary: String { "there is no backup location '\(name)'" }
    var reason: String? { nil }
    var advice: String? { "see 'godwit backup-location get', or add it with 'godwit backup-location set \(name) URL'" }
}
