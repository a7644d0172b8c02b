import ArgumentParser
import CronJobSuspension
import GodwitModel
import GodwitPluginAPI
import KubeVirt
import PodRequirements
import Replicas

/// How workloads start in the cluster, and what they no longer ask of it.
struct WorkloadOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Replicas of restored workloads: a number, or original to put back what an earlier restore kept.",
            valueName: "number"))
    var replicas: ReplicasArgument?

    @Option(
        help: ArgumentHelp(
            "Suspend restored CronJobs, or original to put back what an earlier restore kept.",
            valueName: "true|false|original"))
    var suspendCronjobs: SuspendArgument?

    @Option(
        help: ArgumentHelp(
            "Whether restored virtual machines of KubeVirt run, or original to put back what an earlier restore kept.",
            valueName: "strategy"))
    var vmRunStrategy: RunStrategyArgument?

    @Option(
        help: ArgumentHelp(
            "Labels of nodes, with wildcards, that pods no longer ask for, by node selector or affinity.",
            valueName: "keys"))
    var dropNodeSelectors: [CommaSeparated] = []

    @Option(help: ArgumentHelp("Taints, with wildcards, that pods no longer tolerate.", valueName: "keys"))
    var dropTolerations: [CommaSeparated] = []

    @Option(help: ArgumentHelp("Priority classes, with wildcards, that pods no longer have.", valueName: "names"))
    var dropPriorityClasses: [CommaSeparated] = []

    @Option(
        help: ArgumentHelp(
            "Service accounts, with wildcards, in whose place pods run as default.", valueName: "names"))
    var dropServiceAccounts: [CommaSeparated] = []

    func validate() throws { _ = try requirements() }

    /// Requirements last: the node selector of a DaemonSet may be put back before. The state of virtual machines is always
    /// looked at: the restore's labels may name it.
    func transformers() throws -> [any RestoreItemAction] {
        var actions: [any RestoreItemAction] = []
        if let replicas { actions.append(Replicas(replicas.mode)) }
        if let mode = suspendCronjobs?.mode { actions.append(CronJobSuspension(mode)) }
        actions.append(VirtualMachineState(vmRunStrategy?.mode))
        let requirements = try requirements()
        if !requirements.isEmpty { actions.append(PodRequirements(rules: requirements)) }
        return actions
    }

    private func requirements() throws -> PodRequirementRules {
        do {
            return try PodRequirementRules(
                nodeLabels: dropNodeSelectors.joined, taints: dropTolerations.joined,
                priorityClasses: dropPriorityClasses.joined, serviceAccounts: dropServiceAccounts.joined)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    /// What was chosen, as it is recorded.
    var record: [String: String] {
        var record = ChangeRecord()
        record.note("replicas", replicas?.text)
        record.note("suspend-cronjobs", suspendCronjobs?.rawValue)
        record.note("vm-run-strategy", vmRunStrategy?.text)
        record.note("drop-node-selectors", dropNodeSelectors.joined)
        record.note("drop-tolerations", dropTolerations.joined)
        record.note("drop-priority-classes", dropPriorityClasses.joined)
        record.note("drop-service-accounts", dropServiceAccounts.joined)
        return record.values
    }
}

/// A strategy to set, or `original`.
struct RunStrategyArgument: ExpressibleByArgument {
    let mode: VirtualMachineState.Mode
    let text: String

    init?(argument: String) {
        text = argument
        if argument == "original" {
            mode = .restoreOriginal
        } else if let strategy = VirtualMachineState.RunStrategy(rawValue: argument) {
            mode = .set(strategy)
        } else {
            return nil
        }
    }

    static var allValueStrings: [String] { VirtualMachineState.RunStrategy.allCases.map(\.rawValue) + ["original"] }
}

/// A number, or `original`.
struct ReplicasArgument: ExpressibleByArgument {
    let mode: Replicas.Mode
    let text: String

    init?(argument: String) {
        text = argument
        if argument == "original" {
            mode = .restoreOriginal
        } else if let count = Int32(argument), count >= 0 {
            mode = .set(count)
        } else {
            return nil
        }
    }
}

/// Whether CronJobs are suspended.
enum SuspendArgument: String, ExpressibleByArgument, CaseIterable {
    case `true`
    case `false`
    case original

    /// What is done to them; nil for nothing.
    var mode: CronJobSuspension.Mode? {
        switch self {
        case .true: .suspend
        case .false: nil
        case .original: .restoreOriginal
        }
    }
}
