import ArgumentParser
import GodwitModel
import VolumeRepository

/// `godwit repository repair`
struct RepositoryRepair: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair", abstract: "Make a lost or damaged index anew from the packs.",
        discussion: """
            What is damaged is taken out of the index, so that the next backup stores it again if the volume still has \
            it; then older snapshots are whole again too. Without --read-data only packs that are gone, or have \
            another size, count as damaged.
            """)

    @Flag(help: "Read all content, and take what is damaged out of the index.")
    var readData = false

    @OptionGroup(title: "Repository") var repository: RepositoryOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let console = Console.standard
        let report = try await repository.open(global).repair(readingData: readData)
        let findings = [
            ("damaged index removed", report.removedIndexObjects), ("pack found again", report.recoveredPacks),
            ("pack partly readable", report.damagedPacks), ("pack lost", report.lostPacks),
        ]
        switch output.output {
        case .name: for finding in findings { for key in finding.1 { console.print(key) } }
        case .json, .yaml:
            try console.print(
                [
                    "removedIndexObjects": .array(report.removedIndexObjects.map { .string($0) }),
                    "recoveredPacks": .array(report.recoveredPacks.map { .string($0) }),
                    "damagedPacks": .array(report.damagedPacks.map { .string($0) }),
                    "lostPacks": .array(report.lostPacks.map { .string($0) }),
                ], as: output.output)
        case .table:
            var table = Table("WHAT", "OBJECT")
            for finding in findings { for key in finding.1 { table.add(finding.0, key) } }
            console.print(table.isEmpty ? "nothing had to be repaired" : table.rendered())
        }
        if !report.lostPacks.isEmpty || !report.damagedPacks.isEmpty {
            console.complain("next: 'godwit repository check' names the snapshots that are affected")
            throw ExitStatus.partiallyFailed
        }
    }
}
