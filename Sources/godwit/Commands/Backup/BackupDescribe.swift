import ArgumentParser
import GodwitEngine
import GodwitModel
import GodwitPluginAPI

/// `godwit backup describe`
struct BackupDescribe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Show a backup, its warnings and its errors.")

    @Argument(help: "The backup.")
    var name: String

    @Option(help: ArgumentHelp("Show what it holds.", valueName: "true|false"))
    var details = false

    @OptionGroup var storage: StorageOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let console = Console.standard
        let catalog = try await storage.catalog(global)
        let stored = try await catalog.backup(named: name)
        let results = try await catalog.results(of: stored)
        let volumes = details ? try await catalog.volumes(of: stored) : []
        let holdings = details ? try await BackupHoldings(catalog.open(stored)) : nil
        switch output.output {
        case .name: console.print(stored.backup.name)
        case .json, .yaml:
            var value = stored.backup.json
            value["results"] = results.json
            if let holdings {
                value["items"] = holdings.json
                value["volumes"] = .array(volumes.map(\.json))
            }
            try console.print(value, as: output.output)
        case .table:
            console.print(sheet(stored, results, console.style).rendered())
            if let holdings { console.print("\n" + holdings.table.rendered()) }
            if !volumes.isEmpty { console.print("\n" + VolumeRecordsView(volumes).table.rendered()) }
        }
    }

    private func sheet(_ stored: StoredBackup, _ results: ResultSet, _ style: Style) -> Sheet {
        let backup = stored.backup
        let status = backup.status
        var sheet = Sheet(style)
        sheet.add("Name", backup.name)
        sheet.add("Phase", style.phase(status.phase.rawValue))
        if let reason = status.failureReason { sheet.add("Reason", reason) }
        sheet.add("Format", stored.format.rawValue)
        if !backup.labels.isEmpty {
            sheet.add("Labels", backup.labels.sorted { $0.key < $1.key }.map { "\($0)=\($1)" })
        }
        if let version = backup.annotations["velero.io/source-cluster-k8s-gitversion"] {
            sheet.add("Source cluster", version)
        }
        sheet.add(filter: backup.spec.filter)
        sheet.add("Started", status.started)
        sheet.add("Completed", status.completed)
        sheet.add("Expires", status.expires)
        sheet.add("Items", "\(status.itemsBackedUp) of \(status.totalItems)")
        sheet.add(results: results, whole: details)
        if let manifest = stored.manifest {
            sheet.add("Files", manifest.artifacts.map { "\($0.key), \(Units.bytes($0.size))" })
        }
        return sheet
    }
}
