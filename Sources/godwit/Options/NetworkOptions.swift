import ArgumentParser
import GodwitPluginAPI
import HostMapping
import NodePorts

/// Under which names and ports restored workloads are reached.
struct NetworkOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Hosts of Ingresses, Routes and Gateways, or whole domains: apps.old.example=apps.new.example,…",
            valueName: "mappings"))
    var hostMappings: [Mapping] = []

    @Option(help: ArgumentHelp("Keep the node ports of services.", valueName: "true|false"))
    var preserveNodeports = false

    @Option(
        help: ArgumentHelp("Let the cluster choose all node ports, those a user chose too.", valueName: "true|false"))
    var dropNodeports = false

    func validate() throws {
        guard !(preserveNodeports && dropNodeports) else {
            throw ValidationError("--preserve-nodeports and --drop-nodeports exclude each other")
        }
        _ = try ValidationError.wrapping(transformers)
    }

    /// Hosts, then ports.
    func transformers() throws -> [any RestoreItemAction] {
        var actions: [any RestoreItemAction] = []
        let hosts = try hostMappings.dictionary(option: "--host-mappings")
        if !hosts.isEmpty { actions.append(HostMapping(rules: try HostRules(hosts))) }
        if dropNodeports { actions.append(NodePortRemoval()) }
        return actions
    }

    /// What was chosen beyond the restore's own fields, as it is recorded.
    var record: [String: String] {
        var record = ChangeRecord()
        record.note("host-mappings", hostMappings)
        record.note("drop-nodeports", dropNodeports ? "true" : nil)
        return record.values
    }
}
