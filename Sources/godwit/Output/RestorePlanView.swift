import GodwitModel
import GodwitEngine

/// A restore's plan as a table.
struct RestorePlanView {
    private let plan: RestorePlan

    init(_ plan: RestorePlan) { self.plan = plan }

    /// What stands for the version of a resource that the target does not serve yet.
    private var missingVersion: String {
        plan.groups.joined().contains { $0.resource == .customResourceDefinitions } ? "by its CRD" : "not served"
    }

    private var volumes: Table {
        var table = Table("VOLUME", "BECOMES", "SNAPSHOT", "FILES", "SIZE", "REMARK")
        for volume in plan.volumes {
            let hasData = volume.snapshot != nil
            table.add(
                volume.claim.description, volume.target.description,
                volume.snapshot.map { String($0.prefix(8)) } ?? "-",
                hasData ? "\(volume.files)" : "-", hasData ? Units.bytes(volume.bytes) : "-",
                volume.reason.map { "no data in the backup: \($0)" } ?? "filled once its claim is there")
        }
        return table
    }

    func rendered(_ style: Style) -> String {
        var lines = [
            style.bold("Plan of restore '\(plan.restore)' from backup '\(plan.backup)' into \(plan.target)"), "",
        ]
        let mappings = plan.namespaces.sorted { $0.key < $1.key }
        if !mappings.isEmpty {
            lines.append("Namespaces:")
            lines += mappings.map { $0.key == $0.value ? "  \($0.key)" : "  \($0.key) -> \($0.value)" }
            lines.append("")
        }
        var table = Table("ORDER", "RESOURCE", "API VERSION", "ITEMS", "SIZE", "NAMESPACES")
        for (number, group) in plan.groups.enumerated() {
            for step in group {
                let places = step.items.filter { !$0.key.isEmpty }.sorted { $0.key < $1.key }
                table.add(
                    "\(number + 1)", step.resource.description, step.apiVersion ?? missingVersion,
                    "\(step.items.values.reduce(0, +))", Units.bytes(step.bytes),
                    places.isEmpty ? "-" : places.map { "\($0.key) (\($0.value))" }.joined(separator: ", "))
            }
        }
        lines.append(table.isEmpty ? "Nothing is selected." : table.rendered())
        if !plan.volumes.isEmpty { lines += ["", volumes.rendered()] }
        if !plan.omissions.isEmpty {
            lines += ["", "Left out:"]
            lines += plan.omissions.map { "  \($0.items) \($0.resource): \($0.reason)" }
        }
        return lines.joined(separator: "\n")
    }
}
