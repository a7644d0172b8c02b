import ArgumentParser
import GodwitEngine
import GodwitModel

/// `godwit snapshot-location get`
struct SnapshotLocationGet: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "List the snapshot locations.")

    @Argument(help: "Only this one.")
    var name: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let book = try LocationBook(contentsOf: global.configurationPath)
        let entries = book.snapshotLocations.filter { name == nil || $0.name == name }
        if let name, entries.isEmpty { throw UnknownSnapshotLocationError(name: name) }
        let console = Console.standard
        switch output.output {
        case .name: for entry in entries { console.print(entry.name) }
        case .json, .yaml:
            let rows = entries.map { entry -> JSONValue in
                [
                    "name": .string(entry.name), "provider": .string(entry.provider),
                    "config": .object(entry.configuration.mapValues { .string($0) }),
                ]
            }
            try console.print(.array(rows), as: output.output)
        case .table:
            guard !entries.isEmpty else {
                console.complain("no snapshot locations; add one with 'godwit snapshot-location set NAME PROVIDER'")
                return
            }
            var table = Table("NAME", "PROVIDER", "CONFIG")
            for entry in entries {
                let settings = entry.configuration.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                table.add(entry.name, entry.provider, settings.joined(separator: ","))
            }
            console.print(table.rendered())
        }
    }
}
