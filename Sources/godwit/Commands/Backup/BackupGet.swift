import ArgumentParser
import GodwitEngine
import GodwitModel
import GodwitPluginAPI

/// `godwit backup get`
struct BackupGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "List backups.")

    @Argument(help: "Only this one.")
    var name: String?

    @OptionGroup var storage: StorageOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let console = Console.standard
        let catalog = try await storage.catalog(global)
        if let name { _ = try await catalog.backup(named: name) }
        let listings = try await catalog.backups().filter { name == nil || $0.name == name }
        switch output.output {
        case .name: for listing in listings { console.print(listing.name) }
        case .json, .yaml:
            let values = listings.compactMap { try? $0.backup.get().backup.json }
            try console.print(name == nil ? .array(values) : values.first ?? .null, as: output.output)
        case .table:
            if listings.isEmpty {
                console.complain("no backups in \(catalog.store.description)")
            } else {
                console.print(table(listings, console.style).rendered())
            }
            if name == nil { try await LeftoverView(console).show(catalog, of: .backups) }
        }
        try console.report(listings.compactMap(\.backup.failure))
    }

    private func table(_ listings: [BackupListing], _ style: Style) -> Table {
        var table = Table("NAME", "STATUS", "ERRORS", "WARNINGS", "ITEMS", "SIZE", "FORMAT", "AGE", "EXPIRES")
        for listing in listings {
            let size = Units.bytes(listing.size)
            guard case .success(let stored) = listing.backup else {
                table.add(listing.name, style.red("Damaged"), "", "", "", size, listing.format.rawValue, "", "")
                continue
            }
            let status = stored.backup.status
            table.add(
                listing.name, style.phase(status.phase.rawValue), "\(status.errors)", "\(status.warnings)",
                "\(status.itemsBackedUp)", size, listing.format.rawValue, Units.age(status.started),
                Units.remaining(status.expires))
        }
        return table
    }
}
