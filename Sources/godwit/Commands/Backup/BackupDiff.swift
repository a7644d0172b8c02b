import ArgumentParser
import GodwitEngine
import GodwitModel
import KubernetesClient

/// `godwit backup diff`
struct BackupDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare a backup with the cluster as it is now, or with another backup.",
        discussion: """
            What the server owns (status, versions, times) does not count, and values of Secrets are not shown.
            Lines begin with + for objects that the backup does not have, - for objects that only the backup has, and
            ~ for objects that changed.
            """)

    @Argument(help: "The backup: the old state.")
    var name: String

    @Argument(help: "Another backup: the new state (default: the cluster).")
    var other: String?

    @Option(help: ArgumentHelp("End with 1 when there are differences.", valueName: "true|false"))
    var exitCode = false

    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "Storage") var storage: StorageOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let catalog = try await storage.catalog(global)
        let contents = try await catalog.open(named: name)
        let comparison = BackupComparison(contents)
        let view = DifferenceView(Console.standard, format: output.output)
        let summary: ComparisonSummary
        if let other {
            let newer = try await catalog.open(named: other)
            summary = try await comparison.compare(with: newer) { view.add($0) }
            await newer.close()
        } else {
            let cluster = try cluster.open()
            let actions = Providers.backupActions(for: cluster)
            summary = try await comparison.compare(with: cluster, actions: actions) { view.add($0) }
        }
        await contents.close()
        try view.finish(summary)
        if !summary.failures.isEmpty { throw ExitStatus.partiallyFailed }
        if exitCode, !summary.isEqual { throw ExitStatus.failed }
    }
}
