import ArgumentParser
import GodwitModel
import VolumeRepository

/// `godwit volume diff`
struct VolumeDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what differs between two snapshots.",
        discussion: """
            + is in the second only, - in the first only, M has other content, and A has other attributes: owner, mode, \
            times, extended attributes.
            """)

    @Argument(help: "The earlier snapshot.") var first: String
    @Argument(help: "The later snapshot, or 'latest' together with --as.") var second: String

    @Option(name: .customLong("as"), help: ArgumentHelp("The volume, for 'latest'.", valueName: "namespace/name"))
    var volume: Snapshot.Volume?

    @Option(help: ArgumentHelp("End with 1 when there are differences.", valueName: "true|false"))
    var exitCode = false

    @OptionGroup(title: "Repository") var repository: RepositoryOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if [first, second].contains(SnapshotArgument.latest), volume == nil {
            throw ValidationError("'latest' needs --as NAMESPACE/NAME")
        }
    }

    func run() async throws {
        let opened = try await repository.open(global)
        let old = try await SnapshotArgument.find(first, of: volume, in: opened)
        let new = try await SnapshotArgument.find(second, of: volume, in: opened)
        let reader = try await opened.makeReader()
        var differs = false
        do {
            try await TreeDifference.find(
                from: TreeReader(chunks: old.snapshot.tree, from: reader),
                to: TreeReader(chunks: new.snapshot.tree, from: reader)
            ) { difference in
                differs = true
                try show(difference)
            }
            await reader.close()
        } catch {
            await reader.close()
            throw error
        }
        if exitCode, differs { throw ExitStatus.failed }
    }

    private func json(_ sign: String, _ path: [UInt8]) -> JSONValue {
        ["change": .string(sign), "path": .string(String(decoding: path, as: UTF8.self))]
    }

    private func show(_ difference: TreeDifference) throws {
        let console = Console.standard
        let (sign, path) = difference.signAndPath
        switch output.output {
        case .name: console.print(path.printablePath)
        case .json: console.print(String(decoding: json(sign, path).serialized(), as: UTF8.self))
        case .yaml: console.print("---\n" + (try YAMLText.render(json(sign, path)).dropLast()))
        case .table: console.print("\(sign) \(path.printablePath)")
        }
    }
}

extension TreeDifference {
    fileprivate var signAndPath: (String, [UInt8]) {
        switch self {
        case .added(let entry): ("+", entry.path)
        case .removed(let entry): ("-", entry.path)
        case .changed(_, let entry, let content): (content ? "M" : "A", entry.path)
        }
    }
}
