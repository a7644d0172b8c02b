import GodwitPluginAPI
import ArgumentParser
import GodwitEngine
import GodwitModel

/// `godwit restore get`
struct RestoreGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "List restores.")

    @Argument(help: "Only this one.")
    var name: String?

    @OptionGroup var storage: StorageOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    private typealias Row = (name: String, restore: Result<Restore, BackupStorageError>)

    func run() async throws {
        let console = Console.standard
        let catalog = try await storage.catalog(global)
        let rows: [Row] =
            if let name { [(name, .success(try await catalog.restore(named: name).restore))] } else {
                try await catalog.restores()
            }
        switch output.output {
        case .name: for row in rows { console.print(row.name) }
        case .json, .yaml:
            let values = rows.compactMap { try? $0.restore.get().json }
            try console.print(name == nil ? .array(values) : values.first ?? .null, as: output.output)
        case .table:
            if rows.isEmpty {
                console.complain("no restores in \(catalog.store.description)")
            } else {
                console.print(table(rows, console.style).rendered())
            }
            if name == nil { try await LeftoverView(console).show(catalog, of: .restores) }
        }
        try console.report(rows.compactMap { $0.restore.failure })
    }

    private func table(_ rows: [Row], _ style: Style) -> Table {
        var table = Table("NAME", "BACKUP", "STATUS", "ITEMS", "WARNINGS", "ERRORS", "AGE")
        for row in rows {
            switch row.restore {
            case .success(let restore):
                let status = restore.status
                table.add(
                    row.name, restore.spec.backupName, style.phase(status.phase.rawValue),
                    "\(status.itemsRestored)/\(status.totalItems)", "\(status.warnings)", "\(status.errors)",
                    Units.age(status.started))
            case .failure: table.add(row.name, "", style.red("Damaged"), "", "", "", "")
            }
        }
        return table
    }
}
