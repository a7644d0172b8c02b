import ArgumentParser
import GodwitEngine
import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import PluginHost

/// `godwit restore create`
struct RestoreCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Restore a backup, or parts of it.")

    @Argument(help: "The name of the restore (default: the backup's name and the time).")
    var name: String?

    @Option(help: ArgumentHelp("The backup.", valueName: "name"))
    var fromBackup: String

    @Option(
        help: ArgumentHelp(
            "What to do with objects that exist and differ: none (leave, warn), update, replace or fail.",
            valueName: "policy"))
    var existingResourcePolicy = ExistingResourcePolicy.none

    @Option(help: ArgumentHelp("Resources whose status is restored too.", valueName: "resources"))
    var statusIncludeResources: [CommaSeparated] = []

    @Option(help: ArgumentHelp("Resources whose status is not restored.", valueName: "resources"))
    var statusExcludeResources: [CommaSeparated] = []

    @Option(help: ArgumentHelp("Restore from a backup of which items are missing.", valueName: "true|false"))
    var allowPartiallyFailed = true

    @Option(help: ArgumentHelp("Labels of the restore: key=value,…", valueName: "labels"))
    var labels: [Mapping] = []

    @Option(help: ArgumentHelp("Items restored at once.", valueName: "number"))
    var concurrency = 48

    @Option(help: ArgumentHelp("Seconds to wait for CRDs and for objects to be gone.", valueName: "seconds"))
    var resourceTimeout = 600

    @Option(
        help: ArgumentHelp(
            "How long to wait for what plugins began while items were restored, such as 4h0m0s (the default) or 90m.",
            valueName: "time"))
    var itemOperationTimeout: ItemOperationTimeout?

    @Option(help: ArgumentHelp("Print the plan, ask the cluster, and change nothing.", valueName: "true|false"))
    var dryRun = false

    @OptionGroup(title: "Filters") var filter: FilterOptions
    @OptionGroup(title: "Changes") var transform: TransformOptions
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Labels and annotations") var metadata: MetadataOptions
    @OptionGroup(title: "Workloads") var workloads: WorkloadOptions
    @OptionGroup(title: "Volumes") var volumes: VolumeRestoreOptions
    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "Storage") var storage: StorageOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (1...1024).contains(concurrency) else { throw ValidationError("--concurrency is 1 to 1024") }
        guard resourceTimeout >= 0 else { throw ValidationError("--resource-timeout is 0 or more") }
    }

    func run() async throws {
        let console = Console.standard
        let restore = try makeRestore()
        let catalog = try await storage.catalog(global)
        let stored = try await catalog.backup(named: fromBackup)
        try check(stored.backup)
        let settings = try await volumes.settings(
            of: stored, catalog, cluster, storage, global, isDryRun: dryRun)
        let contents = try await catalog.open(stored)
        let target = try cluster.open(isTarget: true, isDryRun: dryRun)
        let transformers = try await transform.transformers(
            transform.configuration(in: target), network: network, metadata: metadata, workloads: workloads)
        var external = try await ExternalPlugins.load([.restoreItemAction, .restoreItemActionV2], global)
        if dryRun { external.leaveOutItemActions() }
        var request = RestoreRequest(
            restore: restore, contents: contents, cluster: target, fixes: transform.fixes(),
            transformers: external.restoreItemActions + transformers)
        request.pluginFailures = external.failures.map { "\($0)" }
        request.log = ExternalPlugins.log
        if let itemOperationTimeout { request.operationTimeout = itemOperationTimeout.duration }
        request.concurrency = concurrency
        request.resourceTimeout = .seconds(resourceTimeout)
        request.isDryRun = dryRun
        request.volumes = settings
        let prepared = try await RestorePlanner(request).prepare()
        if dryRun, output.output == .table { console.print(RestorePlanView(prepared.plan).rendered(console.style)) }
        let view = ProgressView(
            console, verb: dryRun ? "asking" : "restoring", showsDebug: global.verbose,
            isQuiet: output.output != .table)
        let outcome = try await view.during {
            try await RestoreRunner(catalog: catalog).run(prepared, observer: view.observer)
        }
        await contents.close()
        try show(outcome.restore, outcome.report, plan: prepared.plan)
        if outcome.report.phase == .partiallyFailed { throw ExitStatus.partiallyFailed }
    }

    private func makeRestore() throws -> Restore {
        var spec = RestoreSpec(backupName: fromBackup)
        spec.filter = try filter.specification()
        spec.namespaceMapping = try transform.namespaceMapping()
        spec.claimMapping = try transform.claimMapping()
        spec.restorePersistentVolumes = volumes.restoreVolumes
        spec.existingResourcePolicy = existingResourcePolicy
        spec.preserveNodePorts = network.preserveNodeports
        spec.itemOperationTimeout = itemOperationTimeout?.duration
        for record in [transform.record, network.record, metadata.record, workloads.record] {
            spec.changes.merge(record) { _, new in new }
        }
        if !statusIncludeResources.isEmpty || !statusExcludeResources.isEmpty {
            spec.restoreStatus = IncludesExcludesSpec(
                included: statusIncludeResources.joined, excluded: statusExcludeResources.joined)
        }
        let name = name ?? "\(fromBackup)-\(Stamp.now())"
        return Restore(name: name, labels: try labels.dictionary(option: "--labels"), spec: spec)
    }

    private func check(_ backup: Backup) throws {
        switch backup.status.phase {
        case .completed: return
        case .partiallyFailed where allowPartiallyFailed: return
        default: throw RestoreError.backupNotUsable(name: backup.name, phase: backup.status.phase.rawValue)
        }
    }

    private func show(_ restore: Restore, _ report: RestoreReport, plan: RestorePlan) throws {
        let console = Console.standard
        switch output.output {
        case .name: console.print(restore.name)
        case .json, .yaml:
            var value = restore.json
            value["outcomes"] = .object(report.counts.mapValues { .integer(Int64($0)) })
            if dryRun { value["plan"] = try JSONValue(encoding: plan) }
            if !report.volumes.isEmpty { value["volumes"] = .array(report.volumes.map(\.json)) }
            try console.print(value, as: output.output)
        case .table:
            let counts = report.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            let summary = counts.isEmpty ? "nothing to do" : counts.joined(separator: ", ")
            if dryRun {
                console.print("\ndry run: \(summary); nothing was changed")
                return
            }
            let phase = console.style.phase(restore.status.phase.rawValue)
            console.print("restore '\(restore.name)' \(phase): \(summary)")
            let filled = report.volumes.filter { $0.result != nil }
            if !filled.isEmpty {
                let bytes = filled.reduce(0) { $0 + ($1.result?.bytes ?? 0) }
                console.print(
                    "\(filled.count) \(filled.count == 1 ? "volume" : "volumes") filled, \(Units.bytes(bytes)) written")
            }
            if restore.status.warnings + restore.status.errors > 0 {
                console.print("see 'godwit restore describe \(restore.name)'")
            }
        }
    }
}
