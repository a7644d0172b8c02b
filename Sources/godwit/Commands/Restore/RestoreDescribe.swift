import ArgumentParser
import GodwitEngine
import GodwitModel

/// `godwit restore describe`
struct RestoreDescribe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Show a restore, its warnings and its errors.")

    @Argument(help: "The restore.")
    var name: String

    @Option(help: ArgumentHelp("Show what became of each item.", valueName: "true|false"))
    var details = false

    @OptionGroup var storage: StorageOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let console = Console.standard
        let catalog = try await storage.catalog(global)
        let stored = try await catalog.restore(named: name)
        let results = try await catalog.results(of: stored)
        let volumes = try await catalog.volumes(of: stored)
        switch output.output {
        case .name: console.print(stored.restore.name)
        case .json, .yaml:
            var value = stored.restore.json
            value["results"] = results.json
            if !volumes.isEmpty { value["volumes"] = .array(volumes) }
            try console.print(value, as: output.output)
        case .table:
            console.print(sheet(stored.restore, results, console.style).rendered())
            guard details else { return }
            if !volumes.isEmpty { console.print("\n" + VolumeRecordsView.table(ofRestore: volumes).rendered()) }
            console.print("")
            try await ItemOutcomeView().show(try await catalog.itemOutcomes(of: stored))
        }
    }

    private func sheet(_ restore: Restore, _ results: ResultSet, _ style: Style) -> Sheet {
        let status = restore.status
        var sheet = Sheet(style)
        sheet.add("Name", restore.name)
        sheet.add("Phase", style.phase(status.phase.rawValue))
        if let reason = status.failureReason { sheet.add("Reason", reason) }
        sheet.add("Backup", restore.spec.backupName)
        sheet.add(filter: restore.spec.filter)
        sheet.add("Namespace mappings", restore.spec.namespaceMapping.sorted { $0.key < $1.key }.map { "\($0):\($1)" })
        if !restore.spec.claimMapping.isEmpty {
            sheet.add("Claim mappings", restore.spec.claimMapping.sorted { $0.key < $1.key }.map { "\($0):\($1)" })
        }
        if !restore.spec.changes.isEmpty {
            sheet.add("Changes", restore.spec.changes.sorted { $0.key < $1.key }.map { "\($0) \($1)" })
        }
        sheet.add("Existing resources", restore.spec.existingResourcePolicy.rawValue)
        sheet.add("Started", status.started)
        sheet.add("Completed", status.completed)
        sheet.add("Items", "\(status.itemsRestored) of \(status.totalItems) as in the backup")
        sheet.add(results: results, whole: details)
        return sheet
    }
}
