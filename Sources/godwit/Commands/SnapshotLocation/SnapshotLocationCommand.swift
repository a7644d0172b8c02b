import ArgumentParser

/// `godwit snapshot-location`
struct SnapshotLocationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot-location",
        abstract: "Give names to the places where snapshots of volumes are taken.",
        subcommands: [SnapshotLocationSet.self, SnapshotLocationGet.self, SnapshotLocationDelete.self],
        aliases: ["volume-snapshot-location"]
    )
}
