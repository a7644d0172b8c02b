import ArgumentParser
import GodwitModel
import VolumeRepository

/// `godwit repository check`
struct RepositoryCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Look for damage.",
        discussion: """
            Without --read-data it compares what the snapshots need with what the index and the listing of the packs \
            say. Ends with 1 when something is wrong.
            """)

    @Flag(help: "Read all content and check it too.")
    var readData = false

    @Option(help: ArgumentHelp("Read so much of the content, chosen anew each time, such as 5%.", valueName: "N%"))
    var readDataSubset: Percentage?

    @OptionGroup(title: "Repository") var repository: RepositoryOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard !readData || readDataSubset == nil else {
            throw ValidationError("--read-data and --read-data-subset exclude each other")
        }
    }

    func run() async throws {
        let console = Console.standard
        var options = CheckOptions()
        options.readData = readData ? 1 : readDataSubset?.share ?? 0
        let report = try await repository.open(global).check(options)
        switch output.output {
        case .name: for problem in report.problems { console.print(problem.subject) }
        case .json, .yaml: try console.print(report.json, as: output.output)
        case .table: show(report)
        }
        if !report.isClean { throw ExitStatus.failed }
    }

    private func show(_ report: CheckReport) {
        let console = Console.standard
        for note in report.notes { console.complain("note: \(note)") }
        var looked = "\(report.snapshots) snapshots, \(report.packs) packs"
        if report.packsRead > 0 { looked += ", \(report.packsRead) of them read (\(Units.bytes(report.bytesRead)))" }
        guard !report.isClean else {
            console.print("the repository is \(console.style.green("whole")): \(looked)")
            return
        }
        var table = Table("DAMAGED", "SNAPSHOTS", "WHY")
        for problem in report.problems {
            table.add(problem.subject, problem.snapshots.map(\.short).joined(separator: ","), problem.reason)
        }
        console.print(table.rendered())
        console.print("the repository is \(console.style.red("damaged")): \(looked)")
        console.complain(
            "what is not listed can be restored; 'godwit repository repair' finds what only the index lost, and with "
                + "--read-data lets the next backup store again what volumes still have of the rest")
    }
}

/// `5%`
struct Percentage: ExpressibleByArgument {
    /// 0 to 1.
    let share: Double

    init?(argument: String) {
        guard argument.hasSuffix("%"), let percent = Double(argument.dropLast()), percent > 0, percent <= 100 else {
            return nil
        }
        share = percent / 100
    }
}

extension CheckReport {
    /// The report for scripts.
    fileprivate var json: JSONValue {
        [
            "clean": .bool(isClean), "snapshots": .integer(Int64(snapshots)), "packs": .integer(Int64(packs)),
            "packsRead": .integer(Int64(packsRead)), "bytesRead": .integer(bytesRead),
            "problems": .array(
                problems.map { problem in
                    [
                        "subject": .string(problem.subject), "reason": .string(problem.reason),
                        "snapshots": .array(problem.snapshots.map { .string($0.description) }),
                    ]
                }),
            "notes": .array(notes.map { .string($0) }),
        ]
    }
}
