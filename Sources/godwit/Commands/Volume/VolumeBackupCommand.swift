import ArgumentParser
import Foundation
import GodwitEngine
import GodwitModel
import VolumeRepository

/// `godwit volume backup`
struct VolumeBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Take a snapshot of a directory.",
        discussion: """
            The repository is made on first use, encrypted when a password or key is given. Ends with 3 when some files \
            could not be read.
            """)

    @Argument(help: "The directory.", completion: .directory)
    var directory: String

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("Which volume it is: the claim's namespace and name.", valueName: "namespace/name"))
    var volume: Snapshot.Volume

    @Option(help: ArgumentHelp("Leave out what fits a pattern: *.log, /cache, **/tmp.", valueName: "pattern"))
    var exclude: [String] = []

    @Option(help: ArgumentHelp("Leave out directories with a CACHEDIR.TAG.", valueName: "true|false"))
    var excludeCaches = false

    @Option(help: ArgumentHelp("Read all files, those that seem unchanged too.", valueName: "true|false"))
    var force = false

    @Option(help: ArgumentHelp("Words to find the snapshot by: a,b.", valueName: "tags"))
    var tags: [CommaSeparated] = []

    @Option(help: ArgumentHelp("Labels of the snapshot: key=value,…", valueName: "labels"))
    var labels: [Mapping] = []

    @Option(help: ArgumentHelp("How long it is kept at least by 'repository forget', such as 720h.", valueName: "time"))
    var ttl: String?

    @OptionGroup(title: "Repository") var repository: RepositoryOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        _ = try expiry(from: Date())
        _ = try labels.dictionary(option: "--labels")
    }

    func run() async throws {
        let console = Console.standard
        var request = VolumeBackupRequest(
            volume: volume, root: URL(fileURLWithPath: directory).path, host: ProcessInfo.processInfo.hostName,
            godwitVersion: Version.current)
        request.walk.exclusions = try exclude.map { try PathPattern($0) }
        request.walk.excludesCaches = excludeCaches
        request.usesPrevious = !force
        request.tags = tags.joined
        request.labels = try labels.dictionary(option: "--labels")
        request.expires = try expiry(from: Date())
        // A directory that was typed wrongly should not leave a new repository behind.
        try await VolumeWalk.check(root: directory)
        let view = ProgressView(
            console, verb: "backing up", showsDebug: global.verbose, isQuiet: output.output != .table)
        let (stored, summary) = try await view.during {
            let opened = try await repository.openOrCreate(global)
            let writer = try await opened.makeWriter()
            do {
                let result = try await opened.backUp(request, with: writer, observer: view.volumeObserver)
                await writer.close()
                return result
            } catch {
                await writer.discard()
                throw error
            }
        }
        switch output.output {
        case .name: console.print(stored.id.description)
        case .json, .yaml: try console.print(stored.json, as: output.output)
        case .table: show(stored, summary)
        }
        if summary.problems > 0 { throw ExitStatus.partiallyFailed }
    }

    private func expiry(from now: Date) throws -> Date? {
        guard let ttl else { return nil }
        guard let duration = GoDuration.parse(ttl), duration > .zero else {
            throw ValidationError("--ttl is a time such as 720h0m0s, 24h or 90m")
        }
        return now.addingTimeInterval(TimeInterval(duration.components.seconds))
    }

    private func show(_ stored: StoredSnapshot, _ summary: VolumeBackupSummary) {
        let snapshot = stored.snapshot
        var line = "snapshot \(stored.id.short) of \(snapshot.volume): \(summary.files) files"
        line += ", \(Units.bytes(summary.bytes)), \(Units.bytes(summary.newBytes)) new"
        line += ", \(Units.bytes(snapshot.totals.storedBytes)) stored"
        line += " in \(Units.seconds(snapshot.ended.timeIntervalSince(snapshot.started)))"
        Console.standard.print(line)
        if summary.problems > 0 {
            Console.standard.complain("\(summary.problems) entries are missing or incomplete")
        }
        if summary.changing > 0 {
            Console.standard.complain("\(summary.changing) files changed or vanished while they were read")
        }
    }
}
