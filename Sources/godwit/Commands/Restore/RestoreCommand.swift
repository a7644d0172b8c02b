import ArgumentParser

/// `godwit restore`
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring backups back, and look at what came of it.",
        subcommands: [RestoreCreate.self, RestoreGet.self, RestoreDescribe.self, RestoreLogs.self, RestoreDelete.self]
    )
}
