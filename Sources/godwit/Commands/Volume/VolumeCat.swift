import ArgumentParser
import Streams
import VolumeRepository

/// `godwit volume cat`
struct VolumeCat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Write a file of a snapshot to standard output.")

    @OptionGroup var snapshot: SnapshotOptions

    @Argument(help: "The file's path below the volume's root.")
    var path: VolumePath

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await snapshot.withTree(global) { _, tree in
            for try await piece in tree.content(of: path.bytes) { try Console.standard.write(piece) }
        }
    }
}
