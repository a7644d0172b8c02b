import ArgumentParser
import VolumeRepository

/// A snapshot that a command looks into.
struct SnapshotOptions: ParsableArguments {
    @Argument(help: "The snapshot: its id, the id's first digits, or 'latest' together with --as.")
    var snapshot: String

    @Option(name: .customLong("as"), help: ArgumentHelp("The volume, for 'latest'.", valueName: "namespace/name"))
    var volume: Snapshot.Volume?

    @OptionGroup(title: "Repository") var repository: RepositoryOptions

    func validate() throws {
        if snapshot == SnapshotArgument.latest, volume == nil {
            throw ValidationError("'latest' needs --as NAMESPACE/NAME")
        }
    }

    /// Finds the snapshot.
    func find(in repository: Repository) async throws -> StoredSnapshot {
        try await SnapshotArgument.find(snapshot, of: volume, in: repository)
    }

    /// Opens the snapshot for the time of some work.
    func withTree<Value>(
        _ global: GlobalOptions, _ work: (StoredSnapshot, SnapshotTree) async throws -> Value
    ) async throws -> Value {
        let opened = try await repository.open(global)
        let stored = try await find(in: opened)
        let reader = try await opened.makeReader()
        do {
            let value = try await work(stored, SnapshotTree(chunks: stored.snapshot.tree, from: reader))
            await reader.close()
            return value
        } catch {
            await reader.close()
            throw error
        }
    }
}

/// A path below a volume's root, as people type it: with or without a slash before or after it.
struct VolumePath: ExpressibleByArgument {
    let bytes: [UInt8]

    init?(argument: String) {
        let components = argument.utf8.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
        guard !components.contains(where: { $0.elementsEqual("..".utf8) }) else { return nil }
        bytes = Array(components.joined(separator: "/".utf8))
    }
}
