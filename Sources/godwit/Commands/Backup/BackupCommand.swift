import ArgumentParser

/// `godwit backup`
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Take backups, look into them, compare and check them.",
        subcommands: [
            BackupCreate.self, BackupGet.self, BackupDescribe.self, BackupLogs.self, BackupDownload.self,
            BackupDelete.self, BackupVerify.self, BackupDiff.self, BackupExport.self,
        ]
    )
}
