import ArgumentParser
import GodwitModel
import VolumeRepository

/// `godwit volume snapshots`
struct VolumeSnapshots: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "snapshots", abstract: "List snapshots.")

    @Option(
        name: .customLong("as"), help: ArgumentHelp("Only those of this volume.", valueName: "namespace/name"))
    var volume: Snapshot.Volume?

    @OptionGroup(title: "Repository") var repository: RepositoryOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let console = Console.standard
        let listing = try await repository.open(global).snapshots()
        let snapshots = listing.snapshots.filter { volume == nil || $0.snapshot.volume == volume }
        switch output.output {
        case .name: for stored in snapshots { console.print(stored.id.description) }
        case .json, .yaml: try console.print(.array(snapshots.map(\.json)), as: output.output)
        case .table:
            if snapshots.isEmpty {
                console.complain("no snapshots\(volume.map { " of \($0)" } ?? "")")
            } else {
                console.print(table(snapshots).rendered())
            }
        }
        try console.report(listing.unreadable.map(\.error))
    }

    private func table(_ snapshots: [StoredSnapshot]) -> Table {
        var table = Table(
            "ID", "VOLUME", "AGE", "FILES", "SIZE", "NEW", "STORED", "ERRORS", "BACKUP", "HOST", "EXPIRES")
        for stored in snapshots {
            let snapshot = stored.snapshot
            table.add(
                stored.id.short, snapshot.volume.description, Units.age(snapshot.started), "\(snapshot.totals.files)",
                Units.bytes(snapshot.totals.bytes), Units.bytes(snapshot.totals.newBytes),
                Units.bytes(snapshot.totals.storedBytes), "\(snapshot.totals.errors)", snapshot.backup ?? "",
                snapshot.host, snapshot.expires == nil ? "" : Units.remaining(snapshot.expires))
        }
        return table
    }
}
