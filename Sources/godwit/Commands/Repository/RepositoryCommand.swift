import ArgumentParser

/// `godwit repository`
struct RepositoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repository", abstract: "Look after the repository of volume data.",
        subcommands: [
            RepositoryInit.self, RepositoryStatsCommand.self, RepositoryCheck.self, RepositoryForget.self,
            RepositoryPrune.self, RepositoryRepair.self, RepositoryUnlock.self, RepositoryKey.self,
        ])
}
