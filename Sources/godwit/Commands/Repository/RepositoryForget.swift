import ArgumentParser
import Foundation
import GodwitModel
import VolumeRepository

/// `godwit repository forget`
struct RepositoryForget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Forget snapshots, by id or by policy.",
        discussion: """
            A policy keeps what any of its rules keeps, volume by volume. What forgotten snapshots held is freed by \
            'godwit repository prune'. A snapshot that cannot be read is forgotten only when it is named.
            """)

    @Argument(help: "Snapshots: ids, or their first digits.")
    var snapshots: [String] = []

    @Option(help: ArgumentHelp("Keep the newest.", valueName: "number")) var keepLast = 0
    @Option(help: ArgumentHelp("Keep one of each of the newest hours.", valueName: "number")) var keepHourly = 0
    @Option(help: ArgumentHelp("Keep one of each of the newest days.", valueName: "number")) var keepDaily = 0
    @Option(help: ArgumentHelp("Keep one of each of the newest weeks.", valueName: "number")) var keepWeekly = 0
    @Option(help: ArgumentHelp("Keep one of each of the newest months.", valueName: "number")) var keepMonthly = 0
    @Option(help: ArgumentHelp("Keep one of each of the newest years.", valueName: "number")) var keepYearly = 0

    @Option(
        help: ArgumentHelp("Keep all that are at most so much older than the newest, such as 72h.", valueName: "time"))
    var keepWithin: String?

    @Option(
        name: .customLong("as"), help: ArgumentHelp("Only snapshots of this volume.", valueName: "namespace/name"))
    var volume: Snapshot.Volume?

    @Option(help: ArgumentHelp("Print what would be forgotten, and forget nothing.", valueName: "true|false"))
    var dryRun = false

    @OptionGroup(title: "Repository") var repository: RepositoryOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        let counts = [keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly]
        guard counts.allSatisfy({ $0 >= 0 }) else { throw ValidationError("a number to keep is not negative") }
        guard try snapshots.isEmpty || policy().isEmpty else {
            throw ValidationError("name snapshots or give a policy, not both")
        }
        guard snapshots.isEmpty || volume == nil else {
            throw ValidationError("name snapshots or the volume of a policy (--as), not both")
        }
    }

    func run() async throws {
        let console = Console.standard
        let opened = try await repository.open(global)
        let (decisions, damaged) = try await snapshots.isEmpty ? (byPolicy(opened), []) : byName(opened)
        let forgotten = decisions.filter { !$0.isKept }.map(\.snapshot.id) + damaged
        if !dryRun { try await opened.forget(forgotten) }
        switch output.output {
        case .name: for id in forgotten { console.print(id.description) }
        case .json, .yaml:
            try console.print(.array(decisions.map(Self.json) + damaged.map(Self.json)), as: output.output)
        case .table:
            let count = decisions.count + damaged.count
            if count > 0 { console.print(table(decisions, damaged).rendered()) }
            console.print(
                "\(forgotten.count) of \(count) snapshots \(dryRun ? "would be forgotten" : "are forgotten")"
                    + (forgotten.isEmpty || dryRun ? "" : "; 'godwit repository prune' frees their room"))
        }
    }

    /// Those that are named, and of them those that cannot be read: no other command gets rid of them, and a prune
    /// refuses to go on while they are there.
    private func byName(_ repository: Repository) async throws -> ([ForgetDecision], damaged: [SnapshotID]) {
        var decisions: [ForgetDecision] = []
        var damaged: [SnapshotID] = []
        for text in snapshots {
            do {
                decisions.append(ForgetDecision(snapshot: try await repository.snapshot(matching: text), reasons: []))
            } catch let error as RepositoryError where error.kind == .damaged {
                damaged.append(try await repository.snapshotID(matching: text))
            }
        }
        return (decisions, damaged)
    }

    private func byPolicy(_ repository: Repository) async throws -> [ForgetDecision] {
        let listing = try await repository.snapshots()
        // A policy that does not see all snapshots could forget the wrong ones.
        if let unreadable = listing.unreadable.first { throw unreadable.error }
        let candidates = listing.snapshots.filter { volume == nil || $0.snapshot.volume == volume }
        return try policy().decide(candidates, now: Date())
    }

    private func policy() throws -> ForgetPolicy {
        var policy = ForgetPolicy()
        policy.last = keepLast
        policy.periods = [
            .hourly: keepHourly, .daily: keepDaily, .weekly: keepWeekly, .monthly: keepMonthly, .yearly: keepYearly,
        ]
        if let keepWithin {
            guard let duration = GoDuration.parse(keepWithin), duration > .zero else {
                throw ValidationError("--keep-within is a time such as 720h0m0s, 24h or 90m")
            }
            policy.within = duration
        }
        return policy
    }

    private func table(_ decisions: [ForgetDecision], _ damaged: [SnapshotID]) -> Table {
        var table = Table("ID", "VOLUME", "AGE", "KEPT", "WHY")
        for decision in decisions {
            let stored = decision.snapshot
            table.add(
                stored.id.short, stored.snapshot.volume.description, Units.age(stored.snapshot.started),
                decision.isKept ? "yes" : "no", decision.reasons.joined(separator: ", "))
        }
        for id in damaged { table.add(id.short, "-", "-", "no", "it is damaged") }
        return table
    }

    private static func json(_ damaged: SnapshotID) -> JSONValue {
        ["id": .string(damaged.description), "kept": .bool(false), "damaged": .bool(true), "reasons": .array([])]
    }

    private static func json(_ decision: ForgetDecision) -> JSONValue {
        [
            "id": .string(decision.snapshot.id.description),
            "volume": .string(decision.snapshot.snapshot.volume.description), "kept": .bool(decision.isKept),
            "reasons": .array(decision.reasons.map { .string($0) }),
        ]
    }
}
