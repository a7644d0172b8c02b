import ArgumentParser
import GodwitModel
import VolumeRepository

/// `godwit repository unlock`
struct RepositoryUnlock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock", abstract: "Remove the locks of dead runs.",
        discussion: "A run counts as dead when it has not refreshed its lock for ten minutes.")

    @Option(
        help: ArgumentHelp(
            "Remove all locks. A run that is alive all the same ends without a snapshot.", valueName: "true|false"))
    var all = false

    @OptionGroup(title: "Repository") var repository: RepositoryOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let console = Console.standard
        let (removed, remaining) = try await repository.open(global).unlock(all: all)
        switch output.output {
        case .name: for lock in removed { console.print(lock.id) }
        case .json, .yaml:
            try console.print(
                ["removed": .array(removed.map(Self.json)), "remaining": .array(remaining.map(Self.json))],
                as: output.output)
        case .table:
            console.print("\(removed.count) locks removed")
            guard !remaining.isEmpty else { return }
            var table = Table("IN USE", "HOST", "PROCESS", "AGE")
            for lock in remaining {
                table.add(lock.use?.rawValue ?? "unknown", lock.host, "\(lock.process)", Units.age(lock.started))
            }
            console.print(table.rendered())
        }
    }

    private static func json(_ lock: RepositoryLockInfo) -> JSONValue {
        [
            "id": .string(lock.id), "use": .string(lock.use?.rawValue ?? ""), "host": .string(lock.host),
            "process": .integer(lock.process), "stale": .bool(lock.isStale),
        ]
    }
}
