import ArgumentParser
import Foundation
import GodwitEngine
import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import PluginHost
import Tarball

/// `godwit backup create`
struct BackupCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Back up a cluster, or parts of it.")

    @Argument(help: "The name of the backup: lower-case letters, digits, '-' and '.'.")
    var name: String

    @Option(
        help: ArgumentHelp(
            "Items that come first, in this order: 'pods=ns1/pod1,ns1/pod2;persistentvolumes=pv1'.",
            valueName: "resource=names;…"))
    var orderedResources: String?

    @Option(help: ArgumentHelp("How long the backup is kept, such as 720h0m0s (default: 30 days).", valueName: "time"))
    var ttl: String?

    @Option(help: ArgumentHelp("Labels of the backup: key=value,…", valueName: "labels"))
    var labels: [Mapping] = []

    @Option(help: ArgumentHelp("godwit, or velero for what Velero restores.", valueName: "format"))
    var format = BackupFormat.godwit

    @Option(help: ArgumentHelp("Level of the compression (zstd 1 to 19; gzip 1 to 9).", valueName: "level"))
    var compressionLevel: Int?

    @Option(help: ArgumentHelp("Threads of the compression; 0 is one, shared with nothing.", valueName: "number"))
    var compressionThreads = 0

    @Option(help: ArgumentHelp("Objects a page of a listing.", valueName: "number"))
    var pageSize = 500

    @Option(
        help: ArgumentHelp(
            "How long to wait for what plugins began while items were read, such as 4h0m0s (the default) or 90m.",
            valueName: "time"))
    var itemOperationTimeout: ItemOperationTimeout?

    @Option(help: ArgumentHelp("Print the plan, and write nothing.", valueName: "true|false"))
    var dryRun = false

    @OptionGroup(title: "Filters") var filter: FilterOptions
    @OptionGroup(title: "Volumes") var volumes: VolumeBackupOptions
    @OptionGroup(title: "Cluster") var cluster: ClusterOptions
    @OptionGroup(title: "Storage") var storage: StorageOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (1...100_000).contains(pageSize) else { throw ValidationError("--page-size is 1 to 100000") }
        guard (0...64).contains(compressionThreads) else { throw ValidationError("--compression-threads is 0 to 64") }
        let levels = format == .velero ? 1...9 : 1...19
        guard compressionLevel.map(levels.contains) ?? true else {
            throw ValidationError("--compression-level is \(levels.lowerBound) to \(levels.upperBound) with \(format)")
        }
        if format == .velero, let option = volumes.chosen.first ?? volumes.snapshots.moving {
            throw ValidationError("\(option): the files of volumes need --format godwit")
        }
        _ = try specification()
    }

    func run() async throws {
        let console = Console.standard
        // A location that nobody named should not be found missing after a minute of planning.
        if !dryRun { _ = try storage.location(global) }
        let options = cluster
        let cluster = try options.open()
        var request = BackupRequest(
            backup: Backup(
                name: name, labels: try labels.dictionary(option: "--labels"), spec: try specification()),
            cluster: cluster, actions: Providers.backupActions(for: cluster))
        request.loadActions = { [global, dryRun] in
            var external = try await ExternalPlugins.load(
                [.backupItemAction, .backupItemActionV2, .itemBlockAction], global)
            external.noteUnused()
            if dryRun { external.leaveOutItemActions() }
            return LoadedActions(actions: external.backupItemActions, failures: external.failures.map { "\($0)" })
        }
        request.log = ExternalPlugins.log
        if let itemOperationTimeout { request.operationTimeout = itemOperationTimeout.duration }
        request.format = format
        request.pageSize = pageSize
        request.compression = compression
        request.volumes = try await volumes.settings(cluster, options, storage, global, isDryRun: dryRun)
        let prepared = try await BackupPlanner(request).prepare()
        guard !dryRun else {
            try show(try await prepared.planWithVolumes())
            return
        }
        let catalog = try await storage.catalog(global)
        let view = ProgressView(
            console, verb: "backing up", showsDebug: global.verbose, isQuiet: output.output != .table)
        let report = try await view.during {
            try await BackupRunner(catalog: catalog).run(prepared, observer: view.observer)
        }
        try show(report.backup)
        if report.backup.status.phase == .partiallyFailed { throw ExitStatus.partiallyFailed }
    }

    private func specification() throws -> BackupSpec {
        var spec = BackupSpec()
        spec.filter = try filter.specification()
        spec.storageLocation = storage.storageLocation ?? ""
        spec.orderedResources = try OrderedResources.parse(orderedResources)
        spec.defaultVolumesToFSBackup = volumes.defaultVolumesToFsBackup
        if let reference = volumes.resourcePoliciesConfigmap {
            spec.resourcePolicy = ["kind": "configmap", "name": .string(reference.name)]
        }
        try volumes.snapshots.write(to: &spec)
        spec.itemOperationTimeout = itemOperationTimeout?.duration
        if let ttl {
            guard let duration = GoDuration.parse(ttl), duration > .zero else {
                throw ValidationError("--ttl is a time such as 720h0m0s, 24h or 90m")
            }
            spec.timeToLive = duration
        }
        return spec
    }

    private var compression: TarballCompression? {
        switch format {
        case .godwit:
            guard compressionLevel != nil || compressionThreads > 0 else { return nil }
            return .zstd(level: compressionLevel ?? 3, workers: compressionThreads)
        case .velero: return compressionLevel.map { .gzip(level: $0) }
        }
    }

    private func show(_ plan: BackupPlan) throws {
        switch output.output {
        case .name: Console.standard.print(plan.backup)
        case .json, .yaml: try Console.standard.print(JSONValue(encoding: plan), as: output.output)
        case .table: Console.standard.print(BackupPlanView(plan).rendered(Console.standard.style))
        }
    }

    private func show(_ backup: Backup) throws {
        let console = Console.standard
        switch output.output {
        case .name: console.print(backup.name)
        case .json, .yaml: try console.print(backup.json, as: output.output)
        case .table:
            let status = backup.status
            let phase = console.style.phase(status.phase.rawValue)
            var line = "backup '\(backup.name)' \(phase): \(status.itemsBackedUp) items"
            if let started = status.started, let completed = status.completed {
                line += " in \(Units.seconds(completed.timeIntervalSince(started)))"
            }
            console.print(line)
            if status.warnings + status.errors > 0 {
                console.print(
                    "\(status.errors) errors, \(status.warnings) warnings: see 'godwit backup describe \(backup.name)'")
            }
        }
    }
}
