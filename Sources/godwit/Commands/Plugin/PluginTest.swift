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
            An object store is tested in a place that you name; what the test writes, it removes. Examples:
              godwit plugin test example.com/quieten
              godwit plugin test example.com/shelf --storage 'plugin://example.com/shelf/b1/test?aisle=3'
              godwit plugin test godwit.io/filesystem --storage file:///tmp/test
            """)

    @Argument(help: "The plugin's name, or the file of a program, all of whose plugins are tested.")
    var name: String

    @Option(help: ArgumentHelp("Where an object store is tested.", valueName: "url"))
    var storage: String?

    @Option(
        help: ArgumentHelp("Checks to run, by the beginnings of their names, such as 'range'.", valueName: "checks"))
    var only: [CommaSeparated] = []

    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let subjects = try await PluginSubjects(name: name, storage: storage, global: global).find()
        let checks = subjects.flatMap(\.checks)
        for start in only.joined where !checks.contains(where: { $0.hasPrefix(start) }) {
            throw UnknownCheckError(start: start, checks: checks)
        }
        var report = PluginTestReport()
        let console = Console.standard
        let shows = output.output == .table
        for subject in subjects {
            if shows { console.print("\(subject.kind.rawValue) \(subject.name)") }
            let results = await subject.run(only.joined) { result in
                if shows { console.print(PluginTestReport.line(result, console.style)) }
            }
            report.add(subject, results)
        }
        switch output.output {
        case .name: for result in report.failed { console.print(result) }
        case .json, .yaml: try console.print(report.json, as: output.output)
        case .table: console.print(report.summary)
        }
        if !report.failed.isEmpty { throw ExitStatus.failed }
    }
}

/// A check that was asked for is in none of the suites.
struct UnknownCheckError: AdvisedError, UsageError {
    let start: String
    let checks: [String]
    var summary: String { "no check begins with '\(start)'" }
    var reason: String? { nil }
    var advice: String? { "the checks are \(Set(checks).sorted().joined(separator: ", "))" }
}
