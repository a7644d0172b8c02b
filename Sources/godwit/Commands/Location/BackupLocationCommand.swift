import ArgumentParser

/// `godwit backup-location`
struct BackupLocationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup-location",
        abstract: "Give names to the places where backups are kept.",
        subcommands: [BackupLocationSet.self, BackupLocationGet.self, BackupLocationDelete.self]
    )
}
