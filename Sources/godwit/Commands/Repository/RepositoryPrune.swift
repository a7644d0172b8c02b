import ArgumentParser
import GodwitModel
import VolumeRepository

/// `godwit repository prune`
struct RepositoryPrune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Free what no snapshot needs.",
        discussion: """
            Packs are marked first, and deleted by a prune that comes later than the grace period, once all runs that \
            began before have ended. Backups and restores may go on meanwhile.
            """)

    @Option(help: ArgumentHelp("How long marked packs are kept, such as 1h; 0s for not at all.", valueName: "time"))
    var grace = "1h"

    @Option(help: ArgumentHelp("Copy packs of which less than this is needed.", valueName: "N%"))
    var minimumUse: Percentage?

    @Option(help: ArgumentHelp("Print what would be done, and do nothing.", valueName: "true|false"))
    var dryRun = false

    @OptionGroup(title: "Repository") var repository: RepositoryOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws { _ = try options() }

    func run() async throws {
        let console = Console.standard
        let report = try await repository.open(global).prune(options())
        switch output.output {
        case .name: break
        case .json, .yaml: try console.print(report.json, as: output.output)
        case .table: show(report)
        }
        try console.report(report.damaged)
    }

    private func options() throws -> PruneOptions {
        guard let duration = GoDuration.parse(grace), duration >= .zero else {
            throw ValidationError("--grace is a time such as 1h, 90m or 0s")
        }
        var options = PruneOptions()
        options.grace = duration
        if let minimumUse { options.minimumUse = minimumUse.share }
        options.isDryRun = dryRun
        return options
    }

    private func show(_ report: PruneReport) {
        let console = Console.standard
        let plan = report.plan
        console.print(
            "\(plan.unused.count) packs unused, \(plan.sparse.count) hardly used, \(plan.kept) kept; "
                + "\(Units.bytes(plan.freedBytes)) to free, \(Units.bytes(plan.copiedBytes)) to copy")
        if dryRun { return }
        console.print(
            "\(report.marked) packs marked, \(report.deleted) deleted (\(Units.bytes(report.deletedBytes))), "
                + "\(report.unmarked) needed again, \(report.waiting) wait for their time")
        if report.protected > 0 {
            console.complain(
                "\(report.protected) packs stay for now: the storage protects them, or the index objects that name them, "
                    + "by a retention or a hold; run the command again when that has ended")
        }
        for lock in report.waitingFor {
            console.complain(
                "waiting for \(lock.use?.rawValue ?? "a run") on \(lock.host), process \(lock.process), since "
                    + "\(Units.age(lock.started)); if it is dead: 'godwit repository unlock'")
        }
    }
}

extension PruneReport {
    /// The report for scripts.
    fileprivate var json: JSONValue {
        [
            "unused": .integer(Int64(plan.unused.count)), "sparse": .integer(Int64(plan.sparse.count)),
            "kept": .integer(Int64(plan.kept)), "freedBytes": .integer(plan.freedBytes),
            "copiedBytes": .integer(plan.copiedBytes), "marked": .integer(Int64(marked)),
            "deleted": .integer(Int64(deleted)), "deletedBytes": .integer(deletedBytes),
            "unmarked": .integer(Int64(unmarked)), "waiting": .integer(Int64(waiting)),
            "protected": .integer(Int64(protected)),
            "damaged": .array(damaged.map { .string($0.summary) }),
        ]
    }
}
