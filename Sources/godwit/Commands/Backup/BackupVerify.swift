import ArgumentParser
import GodwitEngine
import GodwitModel

/// `godwit backup verify`
struct BackupVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Read a backup and check everything against its checksums.",
        discussion: "Ends with 0 when the backup is whole, and with 1 when something is damaged.")

    @Argument(help: "The backup.")
    var name: String

    @Option(
        help: ArgumentHelp(
            "Check item by item too; done in any case when the tarball is damaged.", valueName: "true|false"))
    var details = false

    @OptionGroup var storage: StorageOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let console = Console.standard
        let catalog = try await storage.catalog(global)
        let snapshots = try SnapshotLocations.configured(global, cluster: nil)
        let view = ProgressView(
            console, verb: "verifying", showsDebug: global.verbose, isQuiet: output.output != .table)
        let report = try await view.during {
            try await BackupVerifier(catalog: catalog, snapshots: snapshots).verify(
                name, details: details, observer: view.observer)
        }
        switch output.output {
        case .name: for damage in report.damages { console.print(damage.subject) }
        case .json, .yaml: try console.print(report.json, as: output.output)
        case .table: show(report)
        }
        if !report.isWhole { throw ExitStatus.failed }
    }

    private func show(_ report: VerificationReport) {
        let console = Console.standard
        var checked = "\(report.files) files, \(Units.bytes(report.bytes))"
        if report.items > 0 { checked += ", \(report.items) items" }
        if report.uncheckedSnapshots > 0 {
            checked += "; \(report.uncheckedSnapshots) snapshots of volumes could not be asked for"
            if let reason = report.uncheckedReason { checked += " (\(reason))" }
        }
        guard !report.isWhole else {
            console.print("backup '\(report.backup)' is \(console.style.green("whole")): \(checked)")
            return
        }
        var table = Table("DAMAGED", "WHY")
        for damage in report.damages { table.add(damage.subject, damage.reason) }
        console.print(table.rendered())
        if report.furtherDamages > 0 { console.print("… and \(report.furtherDamages) more") }
        console.print("backup '\(report.backup)' is \(console.style.red("damaged")): \(checked) read")
        console.complain("what is not listed here can still be restored: 'godwit restore create' leaves the rest out")
    }
}

extension VerificationReport.Damage {
    /// The item, or the file.
    var subject: String { item?.description ?? key ?? "" }
}

extension VerificationReport {
    /// The report for scripts.
    var json: JSONValue {
        var json: JSONValue = [
            "backup": .string(backup), "format": .string(format.rawValue), "whole": .bool(isWhole),
            "files": .integer(Int64(files)), "bytes": .integer(bytes), "items": .integer(Int64(items)),
            "uncheckedSnapshots": .integer(Int64(uncheckedSnapshots)),
            "damages": .array(
                damages.map { damage in
                    var value: JSONValue = ["reason": .string(damage.reason)]
                    value["item"] = damage.item.map { .string($0.description) }
                    value["file"] = damage.key.map { .string($0) }
                    return value
                }),
        ]
        if let uncheckedReason { json["uncheckedReason"] = .string(uncheckedReason) }
        return json
    }
}
