import ArgumentParser
import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit
import PluginHost

/// `godwit plugin test`
struct PluginTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Check that a plugin keeps what the protocol of its kind promises.",
        discussion: """
            An object store is tested in a place that you name; what the test writes, it removes. A snapshotter is tested
            on a volume that you name: some fifteen snapshots are taken of it and deleted, and some five volumes are made of
            these, which you have to remove, because no plugin can. They are named in the end. Examples:
              godwit plugin test example.com/quieten
              godwit plugin test example.com/shelf --storage 'plugin://example.com/shelf/b1/test?aisle=3'
              godwit plugin test godwit.io/filesystem --storage file:///tmp/test
              godwit plugin test example.com/vault --snapshot-config root=/srv/vault --persistent-volume pv.yaml
            """)

    @Argument(help: "The plugin's name, or the file of a program, all of whose plugins are tested.")
    var name: String

    @Option(help: ArgumentHelp("Where an object store is tested.", valueName: "url"))
    var storage: String?

    @Option(
        help: ArgumentHelp("Checks to run, by the beginnings of their names, such as 'range'.", valueName: "checks"))
    var only: [CommaSeparated] = []

    @OptionGroup var volume: SnapshotterTestOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let subjects = try await PluginSubjects(
            name: name, storage: storage, volume: volume, only: only.joined, global: global
        ).find()
        if let option = volume.given.first, !subjects.contains(where: { $0.kind == .volumeSnapshotter }) {
            throw ValidationError("\(option) is for snapshotters, and '\(name)' is none")
        }
        let checks = subjects.flatMap(\.checks)
        for start in only.joined where !checks.contains(where: { $0.hasPrefix(start) }) {
            throw UnknownCheckError(start: start, checks: checks)
        }
        var report = PluginTestReport()
        let console = Console.standard
        let shows = output.output == .table
        for subject in subjects {
            if shows { console.print("\(subject.kind.rawValue) \(subject.name)") }
            let results = await subject.run { result in
                if shows { console.print(PluginTestReport.line(result, console.style)) }
            }
            report.add(subject, results)
            for result in results {
                for thing in result.remains {
                    let what = "\(result.name) leaves \(thing.printable) behind"
                    console.complain("warning: \(what); remove it in the storage")
                }
            }
            if let hint = subject.hint { console.complain(hint) }
        }
        try Task.checkCancellation()
        switch output.output {
        case .name: for result in report.failed { console.print(result) }
        case .json, .yaml: try console.print(report.json, as: output.output)
        case .table: console.print(report.summary)
        }
        if !report.failed.isEmpty { throw ExitStatus.failed }
        if report.isEmpty { throw NothingTestedError(name: name) }
    }
}

/// All checks were skipped: nobody knows more than before.
struct NothingTestedError: AdvisedError, UsageError {
    let name: String
    var summary: String { "nothing of '\(name)' was tested" }
    var reason: String? { "every check was skipped" }
    var advice: String? { "give what the checks need, as their lines say, or leave out --only" }
}

/// A check that was asked for is in none of the suites.
struct UnknownCheckError: AdvisedError, UsageError {
    let start: String
    let checks: [String]
    var summary: String { "no check begins with '\(start)'" }
    var reason: String? { nil }
    var advice: String? { "the checks are \(Set(checks).sorted().joined(separator: ", "))" }
}
