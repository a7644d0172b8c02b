import ArgumentParser
import Foundation
import GodwitEngine
import GodwitModel
import VolumeRepository

/// `godwit volume restore`
struct VolumeRestore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Bring a snapshot back into a directory.",
        discussion: """
            Files that are there already with the same size and time are left alone. Ends with 3 when some files could \
            not be restored; no file ever has wrong content under its name.
            """)

    @OptionGroup var snapshot: SnapshotOptions

    @Option(help: ArgumentHelp("The directory; made where it is missing.", valueName: "dir"), completion: .directory)
    var to: String

    @Option(help: ArgumentHelp("Only what fits a path or pattern: /www/img, *.conf.", valueName: "pattern"))
    var include: [String] = []

    @Option(help: ArgumentHelp("Remove what the snapshot does not have.", valueName: "true|false"))
    var deleteExtra = false

    @Option(
        help: ArgumentHelp(
            "With --delete-extra: also when the snapshot lacks files that could not be read.", valueName: "true|false"))
    var force = false

    @Option(
        help: ArgumentHelp(
            "Compare the content of files that are there already, whatever their size and time say.",
            valueName: "true|false"))
    var verify = false

    @Option(
        help: ArgumentHelp("Read everything back in the end and compare it.", valueName: "true|false"))
    var readBack = false

    @Option(
        help: ArgumentHelp(
            "Leave blocks of zeros unwritten, so that they take no room. Holes come back in any case.",
            valueName: "true|false"))
    var writeSparseFiles = false

    @Option(help: ArgumentHelp("Files, or groups of small files, at a time.", valueName: "number"))
    var parallelFilesDownload = RestoreOptions().parallelism

    @Option(help: ArgumentHelp("Print what would be done, and do nothing.", valueName: "true|false"))
    var dryRun = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (1...256).contains(parallelFilesDownload) else {
            throw ValidationError("--parallel-files-download is 1 to 256")
        }
        if dryRun, readBack { throw ValidationError("--dry-run leaves nothing to be read back") }
    }

    func run() async throws {
        let options = try options()
        let view = ProgressView(
            .standard, verb: dryRun ? "planning" : "restoring", showsDebug: global.verbose,
            isQuiet: output.output != .table)
        try await snapshot.withTree(global) { stored, tree in
            let restorer = Restorer(tree, options: options, observer: view.restoreObserver())
            if dryRun {
                try await plan(restorer, stored, view)
            } else {
                try await restore(restorer, stored, view)
            }
        }
    }

    private func options() throws -> RestoreOptions {
        var options = RestoreOptions()
        options.include = try include.map { try PathPattern($0) }
        options.extra = deleteExtra ? .delete : .keep
        options.rewrite = verify ? .differingContent : .differing
        options.makesZerosSparse = writeSparseFiles
        options.parallelism = parallelFilesDownload
        return options
    }

    // MARK: Plan

    private func plan(_ restorer: Restorer, _ stored: StoredSnapshot, _ view: ProgressView) async throws {
        let printer = VolumeRestorePlanView(output.output, showsKept: global.verbose)
        printer.begin(stored, target: to)
        let plan = try await view.during { try await restorer.plan(for: to) { try printer.show($0) } }
        try printer.end(plan)
        let lacking = stored.snapshot.totals.errors
        if deleteExtra, lacking > 0, !force {
            Console.standard.complain("the snapshot lacks \(lacking) entries, so it would not be done without --force")
        }
        if plan.failureCount > 0 { throw ExitStatus.partiallyFailed }
    }

    // MARK: Act

    private func restore(_ restorer: Restorer, _ stored: StoredSnapshot, _ view: ProgressView) async throws {
        let lacking = stored.snapshot.totals.errors
        if deleteExtra, lacking > 0, !force {
            throw IncompleteSnapshotError(snapshot: stored.id.short, lacking: lacking)
        }
        let began = Date()
        let (report, comparison) = try await view.during {
            let report = try await restorer.restore(to: to)
            return (report, readBack ? try await restorer.readBack(from: to) : nil)
        }
        switch output.output {
        case .name: Console.standard.print(stored.id.description)
        case .json, .yaml: try Console.standard.print(report.json(of: stored, comparison), as: output.output)
        case .table: show(stored, report, comparison, seconds: Date().timeIntervalSince(began))
        }
        if report.failureCount + (comparison?.failureCount ?? 0) > 0 { throw ExitStatus.partiallyFailed }
    }

    private func show(
        _ stored: StoredSnapshot, _ report: VolumeRestoreReport, _ comparison: VolumeRestoreReport?, seconds: Double
    ) {
        let console = Console.standard
        var line = "snapshot \(stored.id.short) of \(stored.snapshot.volume) is in \(to): "
        line += "\(report.filesWritten) files written, \(report.filesUnchanged) were there"
        if report.removed > 0 { line += ", \(report.removed) removed" }
        line += ", \(Units.bytes(report.bytesWritten)) in \(Units.seconds(seconds))"
        console.print(line)
        if let comparison {
            console.print("\(comparison.filesVerified) files were read back and are the snapshot's")
            if comparison.failureCount > 0 {
                console.complain("\(comparison.failureCount) files are not the snapshot's")
            }
        }
        if report.failureCount > 0 {
            console.complain("\(report.failureCount) entries are not as the snapshot has them")
        }
    }
}

/// What is in a directory and not in a snapshot may be what could not be read.
struct IncompleteSnapshotError: AdvisedError {
    let snapshot: String
    let lacking: Int64
    var summary: String { "cannot tell what is extra: snapshot \(snapshot) lacks \(lacking) entries" }
    var reason: String? { "they could not be read when it was taken" }
    var advice: String? {
        "leave --delete-extra out; or look with --dry-run at what would be removed, and give --force"
    }
}

extension VolumeRestoreReport {
    /// The report for scripts.
    fileprivate func json(of stored: StoredSnapshot, _ comparison: VolumeRestoreReport?) -> JSONValue {
        var json: JSONValue = [
            "snapshot": .string(stored.id.description), "filesWritten": .integer(Int64(filesWritten)),
            "filesUnchanged": .integer(Int64(filesUnchanged)), "directories": .integer(Int64(directories)),
            "others": .integer(Int64(others)), "removed": .integer(Int64(removed)),
            "bytesWritten": .integer(bytesWritten), "failures": .integer(Int64(failureCount)),
            "firstFailures": firstFailures,
        ]
        if let comparison {
            json["readBack"] = [
                "filesEqual": .integer(Int64(comparison.filesVerified)),
                "failures": .integer(Int64(comparison.failureCount)), "firstFailures": comparison.firstFailures,
            ]
        }
        return json
    }

    private var firstFailures: JSONValue {
        .array(
            failures.map { ["path": .string($0.path.printablePath), "reason": .string($0.reason.printable)] })
    }
}
