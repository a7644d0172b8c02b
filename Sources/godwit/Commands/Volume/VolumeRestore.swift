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
            "Compare the content of files that are there already, whatever their size and time say.",
            valueName: "true|false"))
    var verify = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        var options = RestoreOptions()
        options.include = try include.map { try PathPattern($0) }
        options.extra = deleteExtra ? .delete : .keep
        options.rewrite = verify ? .differingContent : .differing
        let console = Console.standard
        let view = ProgressView(
            console, verb: "restoring", showsDebug: global.verbose, isQuiet: output.output != .table)
        let began = Date()
        let (stored, report) = try await view.during {
            let observer = view.observer
            return try await snapshot.withTree(global) { stored, tree in
                let restorer = Restorer(tree, options: options) { failure in
                    observer(.log(LogLine(.error, "\(failure.path.printablePath): \(failure.reason)")))
                }
                return (stored, try await restorer.restore(to: to))
            }
        }
        switch output.output {
        case .name: console.print(stored.id.description)
        case .json, .yaml: try console.print(report.json(of: stored), as: output.output)
        case .table: show(stored, report, seconds: Date().timeIntervalSince(began))
        }
        if report.failureCount > 0 { throw ExitStatus.partiallyFailed }
    }

    private func show(_ stored: StoredSnapshot, _ report: VolumeRepository.RestoreReport, seconds: Double) {
        var line = "snapshot \(stored.id.short) of \(stored.snapshot.volume) is in \(to): "
        line += "\(report.filesWritten) files written, \(report.filesUnchanged) were there"
        if report.removed > 0 { line += ", \(report.removed) removed" }
        line += ", \(Units.bytes(report.bytesWritten)) in \(Units.seconds(seconds))"
        Console.standard.print(line)
        if report.failureCount > 0 {
            Console.standard.complain("\(report.failureCount) entries are not as the snapshot has them")
        }
    }
}

extension VolumeRepository.RestoreReport {
    /// The report for scripts.
    func json(of stored: StoredSnapshot) -> JSONValue {
        [
            "snapshot": .string(stored.id.description), "filesWritten": .integer(Int64(filesWritten)),
            "filesUnchanged": .integer(Int64(filesUnchanged)), "directories": .integer(Int64(directories)),
            "others": .integer(Int64(others)), "removed": .integer(Int64(removed)),
            "bytesWritten": .integer(bytesWritten), "failures": .integer(Int64(failureCount)),
            "firstFailures": .array(
                failures.map { ["path": .string($0.path.printablePath), "reason": .string($0.reason)] }),
        ]
    }
}
