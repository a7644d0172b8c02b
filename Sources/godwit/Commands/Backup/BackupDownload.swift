import ArgumentParser
import GodwitEngine
import Streams

/// `godwit backup download`
struct BackupDownload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download", abstract: "Download a backup's tarball, and verify it.",
        discussion: "The file is an ordinary .tar.zst (or .tar.gz of Velero's): docs/recovery.md shows its use.")

    @Argument(help: "The backup.")
    var name: String

    @Option(
        name: [.customShort("f"), .customLong("file")],
        help: ArgumentHelp(
            "Where to write it (default: NAME.tar.zst or NAME.tar.gz; - for standard output).", valueName: "file"),
        completion: .file())
    var file: String?

    @Option(help: ArgumentHelp("Overwrite the file if it exists.", valueName: "true|false"))
    var force = false

    @OptionGroup var storage: StorageOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let catalog = try await storage.catalog(global)
        let stored = try await catalog.backup(named: name)
        let suffix = stored.format == .velero ? "tar.gz" : "tar.zst"
        let body = try await catalog.tarball(of: stored)
        guard file != "-" else {
            for try await piece in body { try Console.standard.write(piece) }
            return
        }
        let path = file ?? "\(name).\(suffix)"
        let output = try DownloadFile(path: path, overwrites: force)
        for try await piece in body { try await output.write(piece) }
        try await output.publish()
        Console.standard.print("backup '\(name)' is in \(path) (\(Units.bytes(output.size)), verified)")
    }
}
