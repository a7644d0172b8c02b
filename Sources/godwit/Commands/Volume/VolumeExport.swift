import ArgumentParser
import Tarball
import Streams
import VolumeRepository

/// `godwit volume export`
struct VolumeExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a snapshot, or a part of it, as one .tar.zst.",
        discussion:
            "GNU tar unpacks it with attributes, ACLs and holes: tar --zstd --xattrs --xattrs-include='*' -xpf FILE")

    @OptionGroup var snapshot: SnapshotOptions

    @Argument(help: "A directory or file of it (default: everything).")
    var path: VolumePath?

    @Option(
        name: [.customShort("f"), .customLong("file")],
        help: ArgumentHelp("Where to write it; - for standard output.", valueName: "file"), completion: .file())
    var file: String

    @Option(help: ArgumentHelp("Overwrite the file if it exists.", valueName: "true|false"))
    var force = false

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await snapshot.withTree(global) { stored, tree in
            let body = try tree.tar(of: path?.bytes ?? []).compressed(with: .zstd(level: 3, workers: 0))
            guard file != "-" else {
                for try await piece in body { try Console.standard.write(piece) }
                return
            }
            let output = try DownloadFile(path: file, overwrites: force)
            for try await piece in body { try await output.write(piece) }
            try await output.publish()
            Console.standard.print("snapshot \(stored.id.short) is in \(file) (\(Units.bytes(output.size)))")
        }
    }
}
