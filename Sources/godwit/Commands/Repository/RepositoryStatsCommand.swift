import ArgumentParser
import GodwitModel
import VolumeRepository

/// `godwit repository stats`
struct RepositoryStatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "stats", abstract: "Show how much it holds.")

    @OptionGroup(title: "Repository") var repository: RepositoryOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let console = Console.standard
        let opened = try await repository.open(global)
        let stats = try await opened.stats()
        switch output.output {
        case .name: console.print(opened.configuration.id)
        case .json, .yaml: try console.print(stats.json(opened), as: output.output)
        case .table:
            var sheet = Sheet(console.style)
            sheet.add("Repository", opened.configuration.id)
            sheet.add("Encrypted", opened.configuration.isEncrypted ? "yes" : "no")
            sheet.add("Snapshots", "\(stats.snapshots), \(Units.bytes(stats.snapshotBytes)) if all were restored")
            sheet.add("Chunks", "\(stats.chunks), \(Units.bytes(stats.contentBytes))")
            sheet.add("Stored", "\(Units.bytes(stats.objectBytes)) in \(stats.objects) objects")
            if let ratio = stats.deduplication { sheet.add("Deduplication", Self.ratio(ratio)) }
            if let ratio = stats.compression { sheet.add("Compression", Self.ratio(ratio)) }
            console.print(sheet.rendered())
        }
    }

    private static func ratio(_ ratio: Double) -> String {
        let hundredths = Int((ratio * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) : 1"
    }
}

extension RepositoryStats {
    /// The numbers for scripts.
    fileprivate func json(_ repository: Repository) -> JSONValue {
        [
            "id": .string(repository.configuration.id), "encrypted": .bool(repository.configuration.isEncrypted),
            "snapshots": .integer(Int64(snapshots)), "snapshotBytes": .integer(snapshotBytes),
            "chunks": .integer(Int64(chunks)), "contentBytes": .integer(contentBytes),
            "storedBytes": .integer(storedBytes), "packs": .integer(Int64(packs)),
            "objects": .integer(Int64(objects)), "objectBytes": .integer(objectBytes),
        ]
    }
}
